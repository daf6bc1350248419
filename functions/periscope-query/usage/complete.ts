import { z } from 'zod'
import type { TimeRange } from '../../../shared/contract/time-range.ts'
import type { Reader } from '../rows/reader.ts'
import { whole as wholeValue } from '../rows/source.ts'

/** An end is journalled so long after its time at most: one that was made up, a minute after it was first missed. */
export const ENDS_LATE_MS = 2 * 60_000
/** A host that was not heard for so long is not waited for. */
export const HOST_WAITED_FOR_MS = 24 * 60 * 60_000
/** What ended early in a range may have been polled only before it. */
const BEFORE_MS = 60 * 60_000

const Heard = z.object({ heard: z.coerce.number() })

/**
 * Up to when nothing more is on its way: the earliest moment up to which one of the hosts has been heard that had the
 * streams in the range. A host's journal is in order, and marks follow it in
 * every partition of the log, so what it journalled before is stored.
 */
export async function readCompleteUntil(
  { ask, rows, hosts }: Pick<Reader, 'ask' | 'rows' | 'hosts'>,
  { from, to }: TimeRange,
  now: Date,
): Promise<string> {
  const earlier = new Date(Date.parse(from) - BEFORE_MS).toISOString()
  const [row] = await ask(Heard)`
    SELECT toUnixTimestamp64Milli(min(heard_at)) AS heard FROM ${hosts()}
    WHERE node_id IN (SELECT DISTINCT node_id FROM ${rows('stream_samples', { from: earlier, to })})
      AND seen_at > fromUnixTimestamp64Milli(${wholeValue(now.getTime() - HOST_WAITED_FOR_MS)})
    HAVING count() > 0`
  const heard = Math.min(row?.heard ?? now.getTime(), now.getTime())
  return new Date(Math.max(heard - ENDS_LATE_MS, 0)).toISOString()
}
