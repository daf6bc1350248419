import { type SelectQueryBuilder, sql } from 'kysely'
import type { PageQuery } from '../contract/page.ts'
import { decodeCursor, toPage } from '../page.ts'

/**
 * A page of a query of one table, the newest first: ids are ordered by time, so that a cursor is the last id shown. 400 for a
 * cursor that no such list made.
 */
export async function newestFirst<DB, TB extends keyof DB, Row extends { id: string }, Item>(
  query: SelectQueryBuilder<DB, TB, Row>,
  { limit, cursor }: PageQuery,
  toItem: (row: Row) => Item,
): Promise<{ data: Item[]; next_cursor: string | null }> {
  const older = cursor === undefined ? query : query.where(sql<boolean>`id < ${decodeCursor(cursor, 1).join()}`)
  // One more than is shown tells whether there is a next page.
  const rows = await older
    .orderBy(sql`id`, 'desc')
    .limit(limit + 1)
    .execute()
  const { data, next_cursor } = toPage(rows, limit, ({ id }) => [id])
  return { data: data.map(toItem), next_cursor }
}
