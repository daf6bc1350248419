import { createHash } from 'node:crypto'
import { COMPATIBILITY_DATE, type EdgeWorkerName, edgeWorkers } from './edge-workers.ts'
import { identityKeys } from './secrets.ts'
import { hostOf, registered, serviceUrl } from './stage.ts'

export const foghorn = createWorker('Foghorn', 'foghorn', 'play', { DECKLOG_URL: serviceUrl('decklog') })
export const signalman = createWorker('Signalman', 'signalman', 'live')

/** Counters of one account are told apart by a number: each stage and worker has its own. */
function namespaceOf(binding: string): number {
  const text = `${$app.name} ${$app.stage} ${binding}`
  return Number.parseInt(createHash('sha256').update(text).digest('hex').slice(0, 7), 16) + 1
}

/** An edge worker at a host of its own, with its Durable Objects. */
function createWorker(name: string, worker: EdgeWorkerName, host: string, environment: Record<string, string> = {}) {
  const { entry, durableObjects, callsPerMinuteMax } = edgeWorkers[worker]
  /** Linked under their names, which are the Worker's bindings. */
  const objects = Object.entries(durableObjects).map(
    ([binding, className]) => new sst.cloudflare.DurableObject(binding, { className }),
  )
  const limits = Object.entries(callsPerMinuteMax).map(
    ([binding, limit]) =>
      new sst.cloudflare.RateLimit(binding, { namespaceId: namespaceOf(binding), limit, period: '1 minute' }),
  )
  return new sst.cloudflare.Worker(name, {
    handler: entry,
    domain: hostOf(host),
    link: [...objects, ...limits, identityKeys[worker]],
    // What tests run it by; SST's own choice would bring Node's modules in.
    compatibility: { date: COMPATIBILITY_DATE, flags: [] },
    migrations: [{ tag: 'v1', newSqliteClasses: Object.values(durableObjects) }],
    environment: {
      ...registered(serviceUrl(host)),
      COMMODORE_URL: serviceUrl('commodore'),
      QUARTERMASTER_URL: serviceUrl('quartermaster'),
      TRUSTED_PROXIES: 'cloudflare',
      ...environment,
    },
  })
}
