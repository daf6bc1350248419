import type { Context } from 'hono'
import type { z } from 'zod'
import type { ListQuery, RowsQuery } from '../../../shared/contract/periscope-query.ts'
import { everyPage, exportRows } from './export.ts'

interface Page<R> {
  data: R[]
  next_cursor: string | null
}

/** A list as JSON one page, or as rows from there to its end. Rows that come while it is read, newer than it is, are not in it. */
export async function answerList<Q extends RowsQuery & ListQuery, R extends Record<string, unknown>>(
  c: Context,
  name: string,
  query: Q,
  row: z.ZodObject,
  list: (query: Q) => Promise<Page<R>>,
): Promise<Response> {
  if (query.format === 'json') return c.json(await list(query))
  return exportRows(query.format, name, { columns: Object.keys(row.shape), chunks: everyPage(query, list) })
}
