import { z } from 'zod'
import { column, type Fragment, fragment, listOf } from '../rows/source.ts'

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
export type SumName = (typeof sumNames)[number]

/** Some of the sums, as what each is of a row. */
export type Known = Partial<Record<SumName, Fragment>>

/** Those sums as columns. */
export function toColumns(known: Known): Fragment {
  return listOf(Object.entries(known).map(([name, piece]) => fragment`toFloat64(${piece}) AS ${column(name)}`))
}

/** All sums as columns, of rows that have some of them. */
export function allColumns(own: readonly SumName[]): Fragment {
  return listOf(sumNames.map((name) => (own.includes(name) ? column(name) : fragment`toFloat64(0) AS ${column(name)}`)))
}

/** The aggregates of columns. */
export function aggregatesOf(names: readonly SumName[]): Fragment {
  return listOf(names.map((name) => fragment`sum(seen.${column(name)}) AS ${column(name)}`))
}

/** What is not summed is 0. */
export const Sums = z.object(
  Object.fromEntries(sumNames.map((name) => [name, z.number().default(0)])) as Record<
    SumName,
    z.ZodDefault<z.ZodNumber>
  >,
)
export type Sums = z.output<typeof Sums>
export const nothing = Sums.parse({})
