import { readLambdaEvent } from '../../shared/kafka/lambda-event.ts'
import { withLinkedSecrets } from '../../shared/linked/lambda.ts'
import { configureLog } from '../../shared/log.ts'
import { readConfig } from './config.ts'
import { feed } from './feed.ts'
import { openFeed } from './open-feed.ts'

const SECRETS = { IDENTITY_KEY: 'SignalmanFeedIdentityKey' }

configureLog({ pretty: false, level: 'info', write: (line) => process.stdout.write(line) })
const deps = openFeed(readConfig(withLinkedSecrets(process.env, SECRETS)))

/** Signalman's feed on Lambda, by an MSK event source; a call that fails gets its batch again. */
export const handler = (event: unknown) => feed(deps, readLambdaEvent(event))
