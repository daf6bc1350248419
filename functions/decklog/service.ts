import { type Clock, systemClock } from '../../shared/clock.ts'
import { EVENTS_RETENTION_MS, EVENTS_TOPIC, TOPIC_PARTITIONS } from '../../shared/contract/decklog.ts'
import { createAuthenticate } from '../../shared/http/authenticate.ts'
import { createHttpMetrics } from '../../shared/http/metrics.ts'
import type { Service } from '../../shared/http/service.ts'
import { createServiceTokens, createSigner } from '../../shared/identity/signer.ts'
import { createVerifier } from '../../shared/identity/verifier.ts'
import type { EventLog } from '../../shared/kafka/event-log.ts'
import { openEventLog } from '../../shared/kafka/open-event-log.ts'
import { createLog } from '../../shared/log.ts'
import { countRuns } from '../../shared/metrics/jobs.ts'
import { createRegistration } from '../../shared/registry/registration.ts'
import { createApi } from './api.ts'
import type { DecklogSettings } from './config.ts'
import { Gate } from './events/gate.ts'
import { Marks } from './events/marks.ts'
import { createMetrics } from './metrics.ts'
import { createOwners } from './owners/owners.ts'

const NAME = 'decklog'

/** Opens Decklog: its event log, its topic there, and its API. */
export async function open({ config, secrets }: DecklogSettings, clock: Clock = systemClock): Promise<Service> {
  const log = createLog(NAME)
  await using opened = new AsyncDisposableStack()
  const events = opened.use(
    await openEventLog(
      { ...config, ...secrets },
      {
        client_id: NAME,
        wsProxy: config.DATABASE_WS_PROXY,
        report: (fault) => log.warn('event log recovers', { code: fault.reason, error: fault }),
      },
    ),
  )
  await events.ensureTopic(EVENTS_TOPIC, { partitions: TOPIC_PARTITIONS, retention_ms: EVENTS_RETENTION_MS })
  const signer = createSigner(secrets.IDENTITY_KEY, clock)
  const client = (service: string, baseUrl: URL) => ({
    service,
    baseUrl,
    token: createServiceTokens(signer, service, clock),
  })
  const quartermaster = client('quartermaster', config.QUARTERMASTER_URL)
  const registration = createRegistration({ service: NAME, quartermaster, config, clock, log })
  const { registry, observe } = createHttpMetrics(NAME)
  const { verdicts } = createMetrics(registry, events)
  const keys = new URL('/.well-known/jwks.json', config.COMMODORE_URL)
  const app = createApi({
    log,
    clock,
    authenticate: createAuthenticate({ verify: createVerifier({ keys, service: NAME, clock }) }),
    deps: {
      events,
      owners: createOwners({
        commodore: client('commodore', config.COMMODORE_URL),
        quartermaster,
        clock,
      }),
      gate: new Gate(),
      marks: new Marks(),
      count: (event_type, outcome) => verdicts.inc({ event_type, outcome }),
    },
    metrics: registry,
    observe,
    checks: { event_log: () => requireTopic(events) },
  })
  const owned = opened.move()
  return {
    fetch: (request) => app.fetch(request),
    leave: registration.leave,
    jobs: countRuns(registry, clock, { registration: registration.job }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function requireTopic(events: EventLog): Promise<void> {
  await events.lag({ topic: EVENTS_TOPIC, group: NAME })
}
