import { z } from 'zod'
import { column, type Fragment, fragment } from '../rows/source.ts'

/** What quality is summed from, in this order in each of the parts that it comes from. */
export const sumNames = [
  'egress_bytes',
  'viewer_ms',
  'packets_sent',
  'packets_lost',
  'packets_retransmitted',
  'full_ms',
  'dry_ms',
  'recover_ms',
  'rebuffers',
  'frames_ms',
  'fps_ms',
  'ingress_bytes',
  'ingress_ms',
  'startups',
  'startup_ms',
] as const
type SumName = (typeof sumNames)[number]

/** All sums as columns, in order; a part says those that it knows. */
export function toColumns(known: Partial<Record<SumName, Fragment>>): Fragment {
  return join((name) => fragment`toFloat64(${known[name] ?? fragment`0`}) AS ${column(name)}`)
}

/** The aggregates of the columns. */
export const aggregates = join((name) => fragment`sum(seen.${column(name)}) AS ${column(name)}`)

function join(toPiece: (name: SumName) => Fragment): Fragment {
  return sumNames.map(toPiece).reduce((list, piece) => fragment`${list}, ${piece}`)
}

export type Sums = Record<SumName, number>
export const Sums = z.object(
  Object.fromEntries(sumNames.map((name) => [name, z.number()])) as Record<SumName, z.ZodNumber>,
)
export const nothing = Object.fromEntries(sumNames.map((name) => [name, 0])) as Sums
