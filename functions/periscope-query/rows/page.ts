import type { PageQuery } from '../../../shared/contract/page.ts'
import { Fault } from '../../../shared/fault.ts'
import { decodeCursor, toPage } from '../../../shared/page.ts'
import { Value, whole } from './source.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** Sorts after every event there is. */
const LAST = { at: Date.parse('2299-12-31T00:00:00Z'), id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }

/** Where a page begins: the time in Unix ms and the id of the event before it. */
export function startOf({ cursor }: Pick<PageQuery, 'cursor'>): { at: Value; id: Value } {
  const { at, id } = cursor === undefined ? LAST : readCursor(cursor)
  return { at: whole(at), id: new Value('UUID', id) }
}

function readCursor(cursor: string): { at: number; id: string } {
  const [time = '', id = ''] = decodeCursor(cursor, 2)
  const at = Date.parse(time)
  if (UUID.test(id) && Number.isSafeInteger(at)) return { at, id }
  throw new Fault('invalid', 'invalid_cursor', 'The cursor is not one that this list returned.')
}

/** A page of rows that were asked for newest first, one more than its limit. */
export function pageOf<R extends { event_id: string }>(rows: readonly R[], limit: number, timeOf: (row: R) => string) {
  return toPage(rows, limit, (row) => [timeOf(row), row.event_id])
}
