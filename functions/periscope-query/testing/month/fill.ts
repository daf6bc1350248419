import type { StoredEvent } from '../../../../shared/events/envelope.ts'
import type { TestPeriscopeQuery } from '../periscope-query.ts'
import { type MonthShape, monthOf, streamsOf, tenantOf } from './month.ts'

/** What the log hands over at once when it is behind. */
const BATCH_EVENTS = 10_000

/** Stores a whole month as Periscope Ingest does; answers how many events that were. */
export async function fillMonth(periscope: TestPeriscopeQuery, shape: MonthShape, seed: number): Promise<number> {
  let stored = 0
  for (let tenant = 0; tenant < shape.tenants; tenant += 1) {
    for (const stream of streamsOf(tenant, shape)) periscope.streams.set(stream, tenantOf(tenant))
    let batch: StoredEvent[] = []
    for (const event of monthOf(tenant, shape, seed)) {
      batch.push(event)
      if (batch.length < BATCH_EVENTS) continue
      await periscope.store(batch)
      stored += batch.length
      batch = []
    }
    await periscope.store(batch)
    stored += batch.length
  }
  return stored
}
