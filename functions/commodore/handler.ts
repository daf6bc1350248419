import { Hono } from 'hono'
import { handle } from 'hono/aws-lambda'
import { linkedStage, withLinkedSecrets } from '../../shared/linked/lambda.ts'
import { configureLog } from '../../shared/log.ts'
import { runScheduled } from '../../shared/metrics/scheduled.ts'
import { readConfig } from './config.ts'
import { open } from './service.ts'

const SECRETS = {
  DATABASE_URL: 'CommodoreDatabaseUrl',
  IDENTITY_KEY: 'CommodoreIdentityKey',
  IDENTITY_PUBLIC_KEYS: 'IdentityPublicKeys',
  ENCRYPTION_KEYS: 'CommodoreEncryptionKeys',
}

const write = (line: string) => process.stdout.write(line)
configureLog({ pretty: false, level: 'info', write })
const service = await open(readConfig(withLinkedSecrets(process.env, SECRETS)))

/** Commodore on Lambda, behind a function URL or an HTTP API. */
export const handler = handle(new Hono().mount('/', service.fetch))

const source = { service: 'commodore', stage: linkedStage() } as const

/** Commodore's jobs, called by the scheduler each minute. */
export const jobs = () => runScheduled(source, service, write)
