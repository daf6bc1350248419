import type { StoredEvent } from '../../../../shared/events/envelope.ts'
import { send } from '../../../../shared/testing/api.ts'
import { toBuckets } from '../../series/buckets.ts'
import type { TestPeriscopeQuery } from '../periscope-query.ts'
import { slowMeters } from '../slow-meters.ts'
import { type Piece, slowPieces, slowQuality } from '../slow-quality.ts'
import type { Span } from '../slow-spans.ts'
import { slowTierSpans, slowTiers, type Tier } from '../slow-tiers.ts'
import { slowAudience, slowVisits, type Visit } from '../slow-visits.ts'
import { endOf, type MonthShape, monthOf, tenantOf } from './month.ts'

type Figures = Record<string, number | null>

interface Series {
  total: Figures
  points: ({ at: string } & Figures)[]
  groups: ({ value: string | null; points: unknown[] } & Figures)[]
}

/** What some things of the month come to within a time, slowly, and by what each of them is grouped. */
interface Slow<T extends object> {
  path: string
  by: readonly string[]
  things: readonly T[]
  groupOf: (thing: T, by: string) => string
  figuresOf: (things: readonly T[], start: number, end: number) => Figures
}

const CLOSE_ENOUGH = 1e-9

/** Where the answers about one tenant's month differ from what a slow look at each of its events gives. */
export async function findDifferences(
  periscope: TestPeriscopeQuery,
  tenant: number,
  shape: MonthShape,
  seed: number,
): Promise<{ compared: number; differences: string[] }> {
  const range = { from: shape.from, to: endOf(shape) }
  const events = [...monthOf(tenant, shape, seed)]
  const now = new Date(range.to)
  const token = await periscope.identities.user(tenantOf(tenant))
  const days = toBuckets({ ...range, time_zone: 'Asia/Kolkata' }, '1d')
  const differences: string[] = []
  let compared = 0

  async function check<T extends object>({ path, by, things, groupOf, figuresOf }: Slow<T>): Promise<void> {
    for (const dimension of by) {
      const query = `from=${range.from}&to=${range.to}&bucket=1d&time_zone=Asia/Kolkata&by=${dimension}&groups=40`
      const response = await send(periscope, `GET ${path}?${query}`, { token })
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
      const answer = (await response.json()) as Series
      const compare = (name: string, found: Figures, slow: Figures) => {
        for (const [figure, value] of Object.entries(slow)) {
          compared += 1
          if (!isClose(found[figure], value)) {
            differences.push(`${path} by ${dimension}, ${name}, ${figure}: ${found[figure]} is not ${value}`)
          }
        }
      }
      compare('total', answer.total, figuresOf(things, days[0] ?? 0, Date.parse(range.to)))
      days.forEach((start, index) => {
        const end = days[index + 1] ?? Date.parse(range.to)
        compare(`day ${index}`, answer.points[index] ?? {}, figuresOf(things, start, end))
      })
      const groups = Map.groupBy(things, (thing) => groupOf(thing, dimension))
      if (groups.size !== answer.groups.length)
        differences.push(`${path} by ${dimension}: ${answer.groups.length} groups`)
      for (const group of answer.groups) {
        const own = groups.get(group.value ?? '') ?? []
        compare(`group ${group.value}`, group, figuresOf(own, days[0] ?? 0, Date.parse(range.to)))
      }
    }
  }

  const column = (thing: object, by: string) => String(thing[by as keyof typeof thing] ?? '')
  await check<Visit>({
    path: '/analytics/viewers',
    by: ['stream_id', 'country_code', 'city', 'protocol', 'node_id'],
    things: slowVisits(events, range, now),
    groupOf: column,
    figuresOf: slowAudience,
  })
  await check<Piece>({
    path: '/analytics/quality',
    by: ['stream_id', 'node_id', 'protocol'],
    things: slowPieces(events, range, now),
    groupOf: column,
    figuresOf: slowQuality,
  })
  await check<Span<Tier>>({
    path: '/analytics/tiers',
    by: ['stream_id'],
    things: slowTierSpans(events, range, now),
    groupOf: column,
    figuresOf: slowTiers,
  })
  await check<StoredEvent>({
    path: '/analytics/usage',
    by: ['stream_id', 'cluster_id'],
    things: events.filter(isEnd),
    groupOf: column,
    figuresOf: (ends, start, end) => slowMeters(ends.filter((event) => isWithin(event, start, end))),
  })
  await check<Choice>({
    path: '/analytics/routing',
    by: ['country_code', 'outcome'],
    things: events.flatMap(choiceOf),
    groupOf: column,
    figuresOf: slowChoices,
  })
  return { compared, differences }
}

const isWithin = ({ occurred_at }: { occurred_at: string }, start: number, end: number) => {
  return Date.parse(occurred_at) >= start && Date.parse(occurred_at) < end
}

function isEnd({ event_type, data }: StoredEvent): boolean {
  return event_type === 'stream-end' || ('action' in data && ['disconnect', 'end'].includes(data.action))
}

type Choice = StoredEvent<'load-balancing'>['data'] & { occurred_at: string; country_code: string }

function choiceOf({ event_type, data, occurred_at }: StoredEvent): Choice[] {
  if (event_type !== 'load-balancing') return []
  return [{ ...data, occurred_at, country_code: data.place?.country_code ?? '' }]
}

function slowChoices(choices: readonly Choice[], start: number, end: number): Figures {
  const within = choices.filter((choice) => isWithin(choice, start, end))
  const known = within.flatMap(({ distance_km }) => distance_km ?? [])
  const mean = (values: readonly number[]) =>
    values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
  const count = (is: string) => within.filter(({ outcome }) => outcome === is).length
  return {
    ...{ decisions: within.length, chosen: count('chosen'), denied: count('denied'), distance_km: mean(known) },
    decision_us: mean(within.map(({ decision_us }) => decision_us)),
  }
}

function isClose(found: number | null | undefined, slow: number | null): boolean {
  if (found === slow) return true
  return typeof found === 'number' && slow !== null && Math.abs(found / slow - 1) < CLOSE_ENOUGH
}
