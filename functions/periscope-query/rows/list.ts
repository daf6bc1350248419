import type { z } from 'zod'
import type { ListQuery } from '../../../shared/contract/periscope-query.ts'
import { decodeCursor } from '../../../shared/page.ts'
import { pageOf, startOf } from './page.ts'
import type { Reader } from './reader.ts'
import { type Source, whole } from './source.ts'

/** The range in which a page lies: what is newer than its cursor is not read again. */
export function rangeOfPage({ from, to, cursor }: ListQuery): Pick<ListQuery, 'from' | 'to'> {
  if (cursor === undefined) return { from, to }
  const before = Date.parse(decodeCursor(cursor, 2)[0] ?? '') + 1
  if (Number.isNaN(before)) return { from, to }
  return { from, to: new Date(to === undefined ? before : Math.min(Date.parse(to), before)).toISOString() }
}

/** One page of a source with the columns `event_id` and `at`, newest first. */
export async function readPage<S extends z.ZodObject>(
  { ask }: Pick<Reader, 'ask'>,
  row: S,
  source: Source,
  query: ListQuery,
): Promise<{ data: z.output<S>[]; next_cursor: string | null }> {
  const start = startOf(query)
  const rows = await ask(row)`
    SELECT * FROM ${source} AS listed
    WHERE (listed.at, listed.event_id) < (fromUnixTimestamp64Milli(${start.at}), ${start.id})
    ORDER BY listed.at DESC, listed.event_id DESC LIMIT ${whole(query.limit + 1)}`
  return pageOf(rows as (z.output<S> & { event_id: string; at: string })[], query.limit, ({ at }) => at)
}
