import { readLambdaEvent } from '../../../shared/kafka/lambda-event.ts'
import { configureLog } from '../../../shared/log.ts'
import { readConfig } from './config.ts'
import { openListener } from './listener.ts'

configureLog({ pretty: false, level: 'info', write: (line) => process.stdout.write(line) })
const listener = openListener(readConfig(process.env))

/** Commodore's listener on Lambda, fed by an MSK event source; a call that fails gets its batch again. */
export const handler = (event: unknown) => listener.hear(readLambdaEvent(event))
