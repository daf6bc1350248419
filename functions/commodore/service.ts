import { resolveName } from '../../shared/addresses/look-up.ts'
import { type Clock, systemClock } from '../../shared/clock.ts'
import { createEncryption } from '../../shared/encryption/encryption.ts'
import { toActor } from '../../shared/http/api-tokens.ts'
import { createAuthenticate } from '../../shared/http/authenticate.ts'
import { createHttpMetrics } from '../../shared/http/metrics.ts'
import type { Service } from '../../shared/http/service.ts'
import { toUser } from '../../shared/http/user-sessions.ts'
import { createServiceTokens } from '../../shared/identity/signer.ts'
import { createVerifier } from '../../shared/identity/verifier.ts'
import { createLog } from '../../shared/log.ts'
import { createFolderMailer } from '../../shared/mail/folder.ts'
import type { Mailer } from '../../shared/mail/mailer.ts'
import { createSesMailer } from '../../shared/mail/ses.ts'
import { countRuns } from '../../shared/metrics/jobs.ts'
import { showOutbox } from '../../shared/metrics/outbox.ts'
import { openDatabase } from '../../shared/postgres/database.ts'
import { openPool } from '../../shared/postgres/pool.ts'
import { createRegistration } from '../../shared/registry/registration.ts'
import { createApi } from './api.ts'
import { judge } from './api-tokens/verify.ts'
import { createRouting } from './authorize/routing.ts'
import type { CommodoreSettings } from './config.ts'
import { openKeyRing } from './identity/key-ring.ts'
import { createJobs } from './jobs.ts'
import { createStandings } from './sessions/standing.ts'
import type { Tables } from './tables.ts'

const NAME = 'commodore'
/** Foghorn waits for media hosts before it answers. */
const FOGHORN_TIMEOUT_MS = 8_000

function mailerOf({ MAIL_FROM, MAIL_FOLDER }: CommodoreSettings['config']): Mailer {
  if (MAIL_FROM !== undefined) return createSesMailer(MAIL_FROM)
  if (MAIL_FOLDER !== undefined) return createFolderMailer(MAIL_FOLDER)
  throw new Error('The settings name no way to send mail.')
}

/** Opens Commodore: its tables, which must be migrated, and its API. */
export async function open({ config, secrets }: CommodoreSettings, clock: Clock = systemClock): Promise<Service> {
  const pool = openPool(secrets.DATABASE_URL, { wsProxy: config.DATABASE_WS_PROXY, applicationName: NAME })
  const db = openDatabase<Tables>(pool)
  const encryption = createEncryption(secrets.ENCRYPTION_KEYS)
  const { keys: others } = config.IDENTITY_PUBLIC_KEYS
  const ring = openKeyRing({ db, encryption, first: secrets.IDENTITY_KEY, others, clock })
  const { signer, keySet } = ring
  const webhooks = { allowLoopback: config.WEBHOOKS_ALLOW_LOOPBACK, resolve: resolveName }
  const quartermaster = {
    service: 'quartermaster',
    baseUrl: config.QUARTERMASTER_URL,
    token: createServiceTokens(signer, 'quartermaster', clock),
  }
  const foghorn = {
    service: 'foghorn',
    baseUrl: config.FOGHORN_URL,
    token: createServiceTokens(signer, 'foghorn', clock),
    timeoutMs: FOGHORN_TIMEOUT_MS,
  }
  const routing = createRouting(quartermaster, clock)
  const standings = createStandings(db, clock)
  const log = createLog(NAME)
  const { registry, observe } = createHttpMetrics(NAME)
  const outboxFigures = showOutbox(registry, db, clock)
  const app = createApi({
    log,
    clock,
    authenticate: createAuthenticate({
      verify: createVerifier({ keys: keySet, service: NAME, clock }),
      confirmUser: async (user) => toUser(user, await standings.of(user)),
      verifyApiToken: async (token) => toActor(await judge(db, clock, token), clock),
    }),
    deps: {
      db,
      signer,
      keySet,
      encryption,
      webhooks,
      quartermaster,
      foghorn,
      routing,
      standings,
    },
    metrics: registry,
    observe,
    trustedProxies: config.TRUSTED_PROXIES,
  })
  const jobs = createJobs({
    db,
    clock,
    log,
    encryption,
    webhooks,
    routing,
    foghorn,
    ring,
    mailer: mailerOf(config),
    appUrl: config.APP_URL,
  })
  const registration = createRegistration({ service: NAME, quartermaster, config, clock, log })
  return {
    fetch: (request) => app.fetch(request),
    leave: registration.leave,
    figures: outboxFigures,
    jobs: countRuns(registry, clock, { ...jobs, registration: registration.job }),
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  }
}
