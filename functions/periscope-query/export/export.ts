import { stringify } from 'csv-stringify/sync'
import type { Format } from '../../../shared/contract/series.ts'
import { Fault } from '../../../shared/fault.ts'

/** Rows read at a time, and so about what an export holds in memory. */
export const EXPORT_PAGE_ROWS = 10_000
/** Pages of one export; one that goes on is broken off, so that it is not taken for whole. */
export const EXPORT_PAGES_MAX = 1_000

type Streamed = Exclude<Format, 'json'>
type Row = Record<string, unknown>

export interface Rows {
  /** What a CSV has for columns, in this order. */
  columns: readonly string[]
  /** One chunk after the other; the next is read when the caller has taken the last. */
  chunks: AsyncIterator<readonly Row[]>
}

const types = { csv: 'text/csv; charset=utf-8; header=present', ndjson: 'application/x-ndjson; charset=utf-8' }

/** Streams rows as fast as they are taken. The first are read before the answer begins, so a refusal has its status. */
export async function exportRows(format: Streamed, name: string, { columns, chunks }: Rows): Promise<Response> {
  const encoder = new TextEncoder()
  let next = await chunks.next()
  let header = true
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (next.done) return controller.close()
        const text = format === 'csv' ? toCsv(columns, next.value, header) : toLines(next.value)
        header = false
        controller.enqueue(encoder.encode(text))
        next = await chunks.next()
      },
      cancel: async () => void (await chunks.return?.()),
    },
    { highWaterMark: 0 },
  )
  return new Response(body, {
    headers: {
      'content-type': types[format],
      'content-disposition': `attachment; filename="${name}.${format}"`,
      'cache-control': 'private, no-store',
    },
  })
}

/** Every page of a list, from the first on. */
export async function* everyPage<Q extends { limit: number; cursor?: string | undefined }, R>(
  query: Q,
  list: (query: Q) => Promise<{ data: R[]; next_cursor: string | null }>,
): AsyncGenerator<R[], void> {
  let cursor = query.cursor
  for (let page = 0; page < EXPORT_PAGES_MAX; page += 1) {
    const { data, next_cursor } = await list({ ...query, cursor, limit: EXPORT_PAGE_ROWS })
    yield data
    if (next_cursor === null) return
    cursor = next_cursor
  }
  throw new Fault('unprocessable', 'export_too_long', 'The export has too many rows; ask for a shorter range.')
}

function toCsv(columns: readonly string[], rows: readonly Row[], header: boolean): string {
  return stringify([...rows], {
    header,
    columns: [...columns],
    record_delimiter: 'windows',
    // A spreadsheet would run what a viewer wrote into a URL.
    escape_formulas: true,
    cast: { boolean: String, object: (value) => JSON.stringify(value) },
  })
}

function toLines(rows: readonly Row[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}
