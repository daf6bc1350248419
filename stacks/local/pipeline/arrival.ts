import { expect } from 'vitest'
import type { ClickHouse } from '../../../shared/clickhouse/client.ts'
import { differences, type Load } from './load.ts'

/** Longer than the longest time-out on the way, ClickHouse's 25 s. */
const ARRIVED_MS = 60_000

/** Everything that is acknowledged until now arrives, and nothing twice. */
export async function expectArrival(load: Load, clickhouse: ClickHouse): Promise<void> {
  const due = [...load.taken]
  await expect
    .poll(() => differences(load, clickhouse, due), { timeout: ARRIVED_MS, interval: 250 })
    .toEqual({ lost: 0, wrong: [] })
}
