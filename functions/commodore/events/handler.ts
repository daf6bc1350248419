import { readLambdaEvent } from '../../../shared/kafka/lambda-event.ts'
import { withLinkedSecrets } from '../../../shared/linked/lambda.ts'
import { configureLog } from '../../../shared/log.ts'
import { readConfig } from './config.ts'
import { openListener } from './listener.ts'

const SECRETS = { DATABASE_URL: 'CommodoreDatabaseUrl' }

configureLog({ pretty: false, level: 'info', write: (line) => process.stdout.write(line) })
const listener = openListener(readConfig(withLinkedSecrets(process.env, SECRETS)))

/** Commodore's listener on Lambda, fed by an MSK event source; a call that fails gets its batch again. */
export const handler = (event: unknown) => listener.hear(readLambdaEvent(event))
