import { Counter, Gauge, type Registry } from 'prom-client'
import type { Clock } from '../../shared/clock.ts'

/** What a batch came to: how many events, and when the newest of its records is from, in Unix ms. */
export interface Counted {
  stored: number
  dead: number
  newest_ms: number
}

/** What Periscope Ingest counts; answers whom to tell of each batch that is stored. */
export function createMetrics(registry: Registry, clock: Clock): (counted: Counted) => void {
  const events = new Counter({
    name: 'periscope_ingest_events_total',
    help: 'Events taken from the log by what became of them',
    labelNames: ['outcome'] as const,
    registers: [registry],
  })
  // From the start: a counter that first appears with its first dead letter shows no increase.
  for (const outcome of ['stored', 'dead']) events.inc({ outcome }, 0)
  const newest = new Gauge({
    name: 'periscope_ingest_newest_event_timestamp_seconds',
    help: 'When the newest record that is stored is from; at first, when this process began',
    registers: [registry],
  })
  let newestMs = clock().getTime()
  newest.set(newestMs / 1000)
  return ({ stored, dead, newest_ms }) => {
    events.inc({ outcome: 'stored' }, stored)
    events.inc({ outcome: 'dead' }, dead)
    newestMs = Math.max(newestMs, newest_ms)
    newest.set(newestMs / 1000)
  }
}
