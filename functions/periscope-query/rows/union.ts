import type { Reader } from './reader.ts'
import type { Source } from './source.ts'

/** All rows of some sources with the same columns. */
export function union({ derive }: Pick<Reader, 'derive'>, [first, ...others]: Source[]): Source {
  if (first === undefined) throw new TypeError('nothing to read from')
  return others.reduce((all, next) => derive`SELECT * FROM ${all} UNION ALL SELECT * FROM ${next}`, first)
}
