import { Hono } from 'hono'
import { handle } from 'hono/aws-lambda'
import { linkedStage, withLinkedSecrets } from '../../shared/linked/lambda.ts'
import { configureLog } from '../../shared/log.ts'
import { runScheduled } from '../../shared/metrics/scheduled.ts'
import { readConfig } from './config.ts'
import { open } from './service.ts'

const SECRETS = { DATABASE_URL: 'QuartermasterDatabaseUrl', IDENTITY_KEY: 'QuartermasterIdentityKey' }

const write = (line: string) => process.stdout.write(line)
configureLog({ pretty: false, level: 'info', write })
const service = await open(readConfig(withLinkedSecrets(process.env, SECRETS)))

/** Quartermaster on Lambda, behind a function URL or an HTTP API. */
export const handler = handle(new Hono().mount('/', service.fetch))

const source = { service: 'quartermaster', stage: linkedStage() } as const

/** Quartermaster's jobs, called by the scheduler each minute. */
export const jobs = () => runScheduled(source, service, write)
