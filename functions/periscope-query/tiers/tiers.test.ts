import { expect, test } from 'vitest'
import { Tiers, tierDimensions } from '../../../shared/contract/quality.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { toBuckets } from '../series/buckets.ts'
import { MADE_UP, madeUpStreams } from '../testing/made-up-streams.ts'
import { useRecorded } from '../testing/recorded.ts'
import { slowTiers as figuresOf, slowTierSpans } from '../testing/slow-tiers.ts'

const SEED = 11
let events: StoredEvent[] = []
const recorded = useRecorded((session) => {
  const madeUp = madeUpStreams(session, SEED)
  // Recorded streams that never ended go on.
  events = [...session.events.filter(({ tenant_id }) => tenant_id !== null), ...madeUp]
  return madeUp
})
const NOW = '2026-11-24T03:50:00.000Z'
const within = `from=${MADE_UP.from}&to=${MADE_UP.to}`

test.each(tierDimensions)('minutes by %s are those between lists of tracks, second by second', async (by) => {
  recorded.periscope.at(NOW)
  const spans = slowTierSpans(events, MADE_UP, new Date(NOW))
  expect(spans.length, `seed ${SEED}`).toBeGreaterThan(10)
  const answer = await recorded.ask(Tiers, `/analytics/tiers?${within}&bucket=15m&by=${by}`)
  const [start, end] = [Date.parse(MADE_UP.from), Date.parse(MADE_UP.to)]
  expect(answer.total).toEqual(figuresOf(spans, start, end))
  const starts = toBuckets({ ...MADE_UP, time_zone: 'UTC' }, '15m')
  expect(answer.points).toEqual(
    starts.map((at, index) => ({ at: new Date(at).toISOString(), ...figuresOf(spans, at, starts[index + 1] ?? end) })),
  )
  const byValue = Map.groupBy(spans, (span) => (by === 'tier' || by === 'codec' ? span.state[by] : span[by]))
  expect(answer.groups).toHaveLength(byValue.size)
  for (const { value, points: _, ...figures } of answer.groups) {
    expect(figures).toEqual(figuresOf(byValue.get(value ?? '') ?? [], start, end))
  }
})

test('minutes of one tier, codec or stream are those alone', async () => {
  recorded.periscope.at(NOW)
  const { groups } = await recorded.ask(Tiers, `/analytics/tiers?${within}&by=tier`)
  for (const { value, points: _, ...figures } of groups) {
    const { total } = await recorded.ask(Tiers, `/analytics/tiers?${within}&tier=${value}`)
    expect(total).toEqual(figures)
  }
})

test('the minutes of the recording are those of its lists', async () => {
  const { session } = recorded
  const range = { from: '2026-11-24T00:00:00.000Z', to: '2026-11-24T01:00:00.000Z' }
  recorded.periscope.at('2026-11-24T00:45:00.000Z')
  const own = session.events.filter(({ tenant_id }) => tenant_id)
  const spans = slowTierSpans(own, range, new Date('2026-11-24T00:45:00.000Z'))
  const { total } = await recorded.ask(Tiers, `/analytics/tiers?from=${range.from}&to=${range.to}`)
  expect(total).toEqual(figuresOf(spans, Date.parse(range.from), Date.parse(range.to)))
  expect(total.minutes).toBeGreaterThan(5)
})
