import { type Clock, systemClock } from '../../shared/clock.ts'
import { createApiTokenVerifier } from '../../shared/http/api-tokens.ts'
import { createAuthenticate } from '../../shared/http/authenticate.ts'
import { createHttpMetrics } from '../../shared/http/metrics.ts'
import type { Service } from '../../shared/http/service.ts'
import { createUserConfirmer } from '../../shared/http/user-sessions.ts'
import { createServiceTokens, createSigner } from '../../shared/identity/signer.ts'
import { createVerifier } from '../../shared/identity/verifier.ts'
import { createLog } from '../../shared/log.ts'
import { countRuns } from '../../shared/metrics/jobs.ts'
import { showOutbox } from '../../shared/metrics/outbox.ts'
import { openDatabase } from '../../shared/postgres/database.ts'
import { openPool } from '../../shared/postgres/pool.ts'
import { createRegistration } from '../../shared/registry/registration.ts'
import { createApi } from './api.ts'
import type { QuartermasterSettings } from './config.ts'
import { createJobs } from './jobs.ts'
import type { Tables } from './tables.ts'

const NAME = 'quartermaster'

/** Opens Quartermaster: its tables, which must be migrated, and its API. */
export async function open({ config, secrets }: QuartermasterSettings, clock: Clock = systemClock): Promise<Service> {
  const pool = openPool(secrets.DATABASE_URL, { wsProxy: config.DATABASE_WS_PROXY, applicationName: NAME })
  const db = openDatabase<Tables>(pool)
  const signer = createSigner(secrets.IDENTITY_KEY, clock)
  const keys = new URL('/.well-known/jwks.json', config.COMMODORE_URL)
  const commodore = {
    service: 'commodore',
    baseUrl: config.COMMODORE_URL,
    token: createServiceTokens(signer, 'commodore', clock),
  }
  const log = createLog(NAME)
  const { registry, observe } = createHttpMetrics(NAME)
  const outboxFigures = showOutbox(registry, db, clock)
  const app = createApi({
    log,
    clock,
    authenticate: createAuthenticate({
      verify: createVerifier({ keys, service: NAME, clock }),
      confirmUser: createUserConfirmer(commodore, clock),
      verifyApiToken: createApiTokenVerifier(commodore, clock),
    }),
    deps: { db, signer },
    metrics: registry,
    observe,
    trustedProxies: config.TRUSTED_PROXIES,
  })
  const registration = createRegistration({
    service: NAME,
    quartermaster: {
      service: NAME,
      baseUrl: new URL('http://quartermaster.internal'),
      token: createServiceTokens(signer, NAME, clock),
      fetch: (request) => app.fetch(request),
    },
    config,
    clock,
    log,
  })
  return {
    fetch: (request) => app.fetch(request),
    leave: registration.leave,
    figures: outboxFigures,
    jobs: countRuns(registry, clock, { ...createJobs({ db, clock, log, commodore }), registration: registration.job }),
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  }
}
