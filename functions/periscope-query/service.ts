import { openClickHouse } from '../../shared/clickhouse/client.ts'
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
import { openDatabase } from '../../shared/postgres/database.ts'
import { openPool } from '../../shared/postgres/pool.ts'
import { createRegistration } from '../../shared/registry/registration.ts'
import { createApi } from './api.ts'
import type { PeriscopeQuerySettings } from './config.ts'
import { readHeard } from './nodes/heard.ts'
import { createRollUpJob } from './rollups/roll-up.ts'
import { QUESTION_ROWS_MAX, QUESTION_SECONDS_MAX } from './rows/limits.ts'
import { createKnownStreams } from './streams/known.ts'
import type { Tables } from './tables.ts'

const NAME = 'periscope-query'
/** Opens Periscope Query: the stores that Periscope Ingest fills, and the API. */
export async function open({ config, secrets }: PeriscopeQuerySettings, clock: Clock = systemClock): Promise<Service> {
  await using opened = new AsyncDisposableStack()
  const clickhouse = opened.use(
    openClickHouse(
      {
        url: config.CLICKHOUSE_URL,
        user: config.CLICKHOUSE_USER,
        password: secrets.CLICKHOUSE_PASSWORD,
        database: config.CLICKHOUSE_DATABASE,
      },
      { maxExecutionSeconds: QUESTION_SECONDS_MAX, maxRowsToRead: QUESTION_ROWS_MAX },
    ),
  )
  const pool = openPool(secrets.DATABASE_URL, { wsProxy: config.DATABASE_WS_PROXY, applicationName: NAME })
  const db = opened.use(openDatabase<Tables>(pool))
  const signer = createSigner(secrets.IDENTITY_KEY, clock)
  const client = (service: string, baseUrl: URL) => ({
    service,
    baseUrl,
    token: createServiceTokens(signer, service, clock),
  })
  const commodore = client('commodore', config.COMMODORE_URL)
  const quartermaster = client('quartermaster', config.QUARTERMASTER_URL)
  const log = createLog(NAME)
  const registration = createRegistration({ service: NAME, quartermaster, config, clock, log })
  const keys = new URL('/.well-known/jwks.json', config.COMMODORE_URL)
  const { registry, observe } = createHttpMetrics(NAME)
  const app = createApi({
    log,
    clock,
    authenticate: createAuthenticate({
      verify: createVerifier({ keys, service: NAME, clock }),
      confirmUser: createUserConfirmer(commodore, clock),
      verifyApiToken: createApiTokenVerifier(commodore, clock),
    }),
    deps: { clickhouse, db, streams: createKnownStreams(commodore, clock) },
    metrics: registry,
    observe,
  })
  const owned = opened.move()
  return {
    fetch: (request) => app.fetch(request),
    leave: registration.leave,
    figures: () => readHeard(clickhouse, clock()),
    jobs: countRuns(registry, clock, {
      registration: registration.job,
      'roll-up': createRollUpJob({ clickhouse, clock }),
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
