import { Counter, Gauge, type Registry } from 'prom-client'
import { type Clock, systemClock } from '../../shared/clock.ts'
import { EVENTS_TOPIC } from '../../shared/contract/decklog.ts'
import { Fault } from '../../shared/fault.ts'
import { createHttpMetrics } from '../../shared/http/metrics.ts'
import type { Service } from '../../shared/http/service.ts'
import type { EventLog } from '../../shared/kafka/event-log.ts'
import { createLog } from '../../shared/log.ts'
import { createApi } from './api.ts'
import type { PeriscopeIngestSettings } from './config.ts'
import { consume, GROUP } from './ingest/consume.ts'
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
  const count = countEvents(registry)
  watchLag(registry, stores.events)
  const consumer = consume({ ...stores, log, count })
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

function countEvents(registry: Registry): (stored: number, dead: number) => void {
  const events = new Counter({
    name: 'periscope_ingest_events_total',
    help: 'Events taken from the log by what became of them',
    labelNames: ['outcome'] as const,
    registers: [registry],
  })
  // From the start: a counter that first appears with its first dead letter shows no increase.
  for (const outcome of ['stored', 'dead']) events.inc({ outcome }, 0)
  return (stored, dead) => {
    events.inc({ outcome: 'stored' }, stored)
    events.inc({ outcome: 'dead' }, dead)
  }
}

/** Events that are in the log and not yet stored, asked for whenever metrics are read. */
function watchLag(registry: Registry, events: EventLog): void {
  new Gauge({
    name: 'periscope_ingest_lag_events',
    help: 'Events in the log that are not stored yet, by partition',
    labelNames: ['partition'] as const,
    registers: [registry],
    async collect() {
      for (const { partition, lag } of await events.lag({ topic: EVENTS_TOPIC, group: GROUP })) {
        this.set({ partition }, Number(lag))
      }
    },
  })
}
