import type { Reader } from './reader.ts'
import { fragment, type Source } from './source.ts'

/** All rows of some sources with the same columns. */
export function union({ derive }: Pick<Reader, 'derive'>, sources: readonly Source[]): Source {
  const [first, ...others] = sources.map((source) => fragment`SELECT * FROM ${source}`)
  if (first === undefined) throw new TypeError('nothing to read from')
  return derive`${others.reduce((all, next) => fragment`${all} UNION ALL ${next}`, first)}`
}
