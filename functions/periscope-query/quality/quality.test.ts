import { expect, test } from 'vitest'
import { Quality, qualityDimensions } from '../../../shared/contract/quality.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { toBuckets } from '../series/buckets.ts'
import { expectClose } from '../testing/expect-close.ts'
import { MADE_UP, madeUpStreams } from '../testing/made-up-streams.ts'
import { useRecorded } from '../testing/recorded.ts'
import { slowQuality as figuresOf, slowPieces } from '../testing/slow-quality.ts'

const SEED = 5
let events: StoredEvent[] = []
const recorded = useRecorded((session) => {
  const madeUp = madeUpStreams(session, SEED)
  // Recorded streams that never ended go on.
  events = [...session.events.filter(({ tenant_id }) => tenant_id !== null), ...madeUp]
  return madeUp
})
const NOW = '2026-11-24T03:50:00.000Z'
const within = `from=${MADE_UP.from}&to=${MADE_UP.to}`
const [start, end] = [Date.parse(MADE_UP.from), Date.parse(MADE_UP.to)]

test.each(qualityDimensions)('quality by %s is what was polled and told, event by event', async (by) => {
  recorded.periscope.at(NOW)
  const pieces = slowPieces(events, MADE_UP, new Date(NOW))
  const answer = await recorded.ask(Quality, `/analytics/quality?${within}&bucket=15m&by=${by}`)
  const total = figuresOf(pieces, start, end)
  expect(Object.values(total), `seed ${SEED}`).not.toContain(null)
  expect(Object.values(total)).not.toContain(0)
  expectClose(answer.total, total)
  const starts = toBuckets({ ...MADE_UP, time_zone: 'UTC' }, '15m')
  answer.points.forEach(({ at: _, ...figures }, index) => {
    expectClose(figures, figuresOf(pieces, starts[index] ?? 0, starts[index + 1] ?? end))
  })
  const byValue = Map.groupBy(pieces, (piece) => piece[by])
  expect(answer.groups).toHaveLength(byValue.size)
  for (const { value, points: _, ...figures } of answer.groups) {
    expectClose(figures, figuresOf(byValue.get(value ?? '') ?? [], start, end))
  }
})

test('quality of one stream or host is that alone', async () => {
  recorded.periscope.at(NOW)
  for (const by of ['stream_id', 'node_id'] as const) {
    const { groups } = await recorded.ask(Quality, `/analytics/quality?${within}&by=${by}`)
    for (const { value, points: _, ...figures } of groups) {
      const { total } = await recorded.ask(Quality, `/analytics/quality?${within}&${by}=${value}`)
      expectClose(total, figures)
    }
  }
})
