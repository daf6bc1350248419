import type { Reader } from './reader.ts'
import { column, type Source, text } from './source.ts'

/** The rows of a source whose columns have these values; one that is undefined may have any. */
export function matching(
  { derive }: Pick<Reader, 'derive'>,
  source: Source,
  filters: Readonly<Record<string, string | undefined>>,
): Source {
  return Object.entries(filters).reduce(
    (rows, [name, value]) =>
      value === undefined ? rows : derive`SELECT * FROM ${rows} AS kept WHERE ${column(name)} = ${text(value)}`,
    source,
  )
}
