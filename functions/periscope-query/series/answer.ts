import type { Context } from 'hono'
import type { z } from 'zod'
import type { SeriesInput } from '../../../shared/contract/series.ts'
import { exportRows } from '../export/export.ts'

type Row = Record<string, unknown>

/** As much of a series as its rows need. */
interface AnySeries {
  points: readonly object[]
  groups: readonly { value: string | null; points: readonly object[] }[]
  total: object
  [more: string]: unknown
}

/** A series as JSON whole, or as rows: one for each point of each group, or for each group, or the total alone. */
export async function answerSeries<A extends AnySeries>(
  c: Context,
  name: string,
  { format, by, bucket }: SeriesInput,
  figures: z.ZodRawShape,
  answer: A,
) {
  if (format === 'json') return c.json(answer)
  const lead = [...(by === undefined ? [] : [by]), ...(bucket === undefined ? [] : ['at'])]
  const rows = toRows(answer, by, bucket !== undefined)
  const columns = [...lead, ...Object.keys(figures)]
  return exportRows(format, name, { columns, chunks: once(rows) })
}

function toRows({ points, groups, total }: AnySeries, by: string | undefined, overTime: boolean): Row[] {
  if (by === undefined) return overTime ? points.map((point) => ({ ...point })) : [{ ...total }]
  return groups.flatMap(({ value, points: own, ...figures }) =>
    overTime ? own.map((point) => ({ [by]: value, ...point })) : [{ [by]: value, ...figures }],
  )
}

async function* once(rows: Row[]): AsyncGenerator<Row[], void> {
  yield rows
}
