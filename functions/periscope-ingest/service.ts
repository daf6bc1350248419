import { type Clock, systemClock } from '../../shared/clock.ts'
import { Fault } from '../../shared/fault.ts'
import { createHttpMetrics } from '../../shared/http/metrics.ts'
import type { Service } from '../../shared/http/service.ts'
import { createLog } from '../../shared/log.ts'
import { createApi } from './api.ts'
import type { PeriscopeIngestSettings } from './config.ts'
import { consume } from './ingest/consume.ts'
import { createMetrics } from './metrics.ts'
import { NAME, openStores } from './stores.ts'

/** A running Periscope Ingest; `drained` resolves once everything in the event log before the call is stored. */
export interface PeriscopeIngest extends Service {
  drained(): Promise<void>
}

/** Opens Periscope Ingest as a process of its own, which consumes until it is disposed. */
export async function open(settings: PeriscopeIngestSettings, clock: Clock = systemClock): Promise<PeriscopeIngest> {
  const log = createLog(NAME)
  const stores = await openStores(settings, log, clock)
  const { registry, observe } = createHttpMetrics(NAME)
  const consumer = consume({ ...stores, log, count: createMetrics(registry, clock) })
  let stopped: unknown
  consumer.done.catch((error: unknown) => {
    stopped = error
    log.error('consumer stopped', { error })
  })
  const app = createApi({
    log,
    clock,
    authenticate: async () => ({ kind: 'anonymous' }),
    deps: {},
    metrics: registry,
    observe,
    stores,
    consuming: async () => {
      if (stopped !== undefined) throw new Fault('unavailable', 'consumer_stopped', 'The consumer has stopped.')
    },
  })
  return {
    fetch: (request) => app.fetch(request),
    drained: () => consumer.drained(),
    [Symbol.asyncDispose]: async () => {
      await consumer.close()
      await stores[Symbol.asyncDispose]()
    },
  }
}
