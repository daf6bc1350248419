import { Hono } from 'hono'
import { handle } from 'hono/aws-lambda'
import { runJobs } from '../../shared/jobs.ts'
import { withLinkedSecrets } from '../../shared/linked/lambda.ts'
import { configureLog } from '../../shared/log.ts'
import { readConfig } from './config.ts'
import { open } from './service.ts'

const SECRETS = { IDENTITY_KEY: 'DecklogIdentityKey' }

configureLog({ pretty: false, level: 'info', write: (line) => process.stdout.write(line) })
const service = await open(readConfig(withLinkedSecrets(process.env, SECRETS)))

/** Decklog on Lambda, behind a function URL or an HTTP API. */
export const handler = handle(new Hono().mount('/', service.fetch))

/** Decklog's jobs, called by the scheduler each minute. */
export const jobs = () => runJobs(service.jobs ?? {})
