import { expect, test } from 'vitest'
import { DecisionPage, Routing, routingDimensions } from '../../../shared/contract/routing.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { mulberry32 } from '../../../shared/mulberry32.ts'
import { refusal } from '../../../shared/testing/api.ts'
import { eventOf } from '../../periscope-ingest/testing/events.ts'
import { useRecorded } from '../testing/recorded.ts'
import { RANGE, type RecordedSession } from '../testing/session.ts'

type Decided = StoredEvent<'load-balancing'>

const SEED = 7
const COUNT = 60
const decided: Decided[] = []

/** Choices over an hour, of every outcome, some from nowhere known. */
function decisions({ tenant_id, streams }: RecordedSession): Decided[] {
  const random = mulberry32(SEED)
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T
  for (let index = 0; index < COUNT; index += 1) {
    const event = eventOf('load-balancing') as Decided
    const outcome = pick(['chosen', 'chosen', 'denied', 'no_host', 'unavailable'] as const)
    const chosen = outcome === 'chosen'
    decided.push({
      ...event,
      ...{ tenant_id, stream_id: pick([...streams.values()]) },
      occurred_at: new Date(Date.parse(RANGE.from) + Math.floor(random() * 3_600_000)).toISOString(),
      data: {
        ...event.data,
        ...{ outcome, purpose: pick(['play', 'source', 'ingest'] as const), protocol: pick(['HLS', 'SRT', null]) },
        reason_code: chosen ? null : pick(['full', 'playback_denied']),
        place: pick([event.data.place, null]),
        chosen_node_id: chosen ? pick(['nod_a', 'nod_b']) : null,
        chosen_cluster_id: chosen ? 'clu_a' : null,
        distance_km: chosen ? pick([null, 10, 250]) : null,
        decision_us: Math.floor(random() * 200),
      },
    })
  }
  return decided
}

const recorded = useRecorded(decisions)
const within = `from=${RANGE.from}&to=${RANGE.to}`

function figuresOf(events: readonly Decided[]) {
  const data = events.map((event) => event.data)
  const count = (...outcomes: string[]) => data.filter(({ outcome }) => outcomes.includes(outcome)).length
  const mean = (values: readonly number[]) =>
    values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    decisions: data.length,
    ...{ chosen: count('chosen'), denied: count('denied'), failed: count('no_host', 'unavailable') },
    distance_km: mean(data.flatMap(({ distance_km }) => distance_km ?? [])),
    decision_us: mean(data.map(({ decision_us }) => decision_us)),
    decision_us_max: Math.max(0, ...data.map(({ decision_us }) => decision_us)),
  }
}

function dimensionOf({ stream_id, data }: Decided, by: (typeof routingDimensions)[number]): string | null {
  if (by === 'stream_id') return stream_id
  if (by === 'node_id') return data.chosen_node_id
  if (by === 'cluster_id') return data.chosen_cluster_id
  if (by === 'country_code') return data.place?.country_code ?? null
  return by === 'cell' ? (data.place?.h3_cell ?? null) : data[by]
}

test('decisions are told whole, newest first, and by what they were', async () => {
  const sorted = decided.toSorted((a, b) =>
    `${a.occurred_at}${a.event_id}` < `${b.occurred_at}${b.event_id}` ? 1 : -1,
  )
  const rows = await recorded.all(DecisionPage, '/routing/decisions?', 7)
  expect(rows).toEqual(
    sorted.map(({ event_id, occurred_at, stream_id, data: { place, chosen_node_id, chosen_cluster_id, ...data } }) => ({
      ...{ event_id, at: occurred_at, stream_id, ...data, node_id: chosen_node_id, cluster_id: chosen_cluster_id },
      ...{ country_code: place?.country_code ?? null, city: place?.city ?? null, cell: place?.h3_cell ?? null },
    })),
  )
  for (const filter of ['outcome=denied', 'reason_code=full', 'node_id=nod_b', 'purpose=ingest', 'country_code=']) {
    const [name = '', value = ''] = filter.split('=')
    const kept = await recorded.all(DecisionPage, `/routing/decisions?${filter}&`, 50)
    const expected = sorted.filter((event) => (dimensionOf(event, name as never) ?? '') === value)
    expect(
      kept.map(({ event_id }) => event_id),
      filter,
    ).toEqual(expected.map(({ event_id }) => event_id))
  }
})

test.each(routingDimensions)('figures by %s are those of the decisions', async (by) => {
  const { total, points, groups } = await recorded.ask(Routing, `/analytics/routing?${within}&bucket=15m&by=${by}`)
  expect(total).toEqual(figuresOf(decided))
  expect(points).toHaveLength(4)
  for (const { at, ...figures } of points) {
    const end = new Date(Date.parse(at) + 900_000).toISOString()
    expect(figures).toEqual(figuresOf(decided.filter(({ occurred_at }) => occurred_at >= at && occurred_at < end)))
  }
  const byValue = Map.groupBy(decided, (event) => dimensionOf(event, by))
  expect(groups).toHaveLength(byValue.size)
  for (const { value, points: _, ...figures } of groups) expect(figures).toEqual(figuresOf(byValue.get(value) ?? []))
})

test('another tenant’s stream is not found', async () => {
  const id = 'str_0193f1a0-0000-7000-8000-00000000ffff'
  expect(await refusal(recorded.get(`/routing/decisions?stream_id=${id}`))).toBe('404 stream_not_found')
  expect(await refusal(recorded.get(`/analytics/routing?${within}&stream_id=${id}`))).toBe('404 stream_not_found')
})
