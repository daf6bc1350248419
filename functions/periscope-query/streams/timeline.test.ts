import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Change, toTimeline } from './timeline.ts'

type Span = readonly [number, number]

function changesOf(spans: readonly Span[], step_ms: number): Change[] {
  const changes = new Map<number, Change>()
  for (const [began, ended] of spans) {
    for (const [t, sign] of [
      [began, 1],
      [ended, -1],
    ] as const) {
      const step = Math.floor(t / step_ms)
      const { net, moment } = changes.get(step) ?? { net: 0, moment: 0 }
      changes.set(step, { step, net: net + sign, moment: moment + sign * t })
    }
  }
  return [...changes.values()]
}

/** Session by session, step by step. */
function slowMeans(spans: readonly Span[], duration_ms: number, step_ms: number): number[] {
  const means: number[] = []
  for (let start = 0; start < duration_ms; start += step_ms) {
    const end = Math.min(start + step_ms, duration_ms)
    const open = spans.map(([began, ended]) => Math.max(0, Math.min(ended, end) - Math.max(began, start)))
    means.push(open.reduce((sum, ms) => sum + ms, 0) / (end - start))
  }
  return means
}

test('the means are those of each session laid over each step', () => {
  const range = fc.record({ duration: fc.integer({ min: 1, max: 5_000 }), step: fc.integer({ min: 1, max: 700 }) })
  const scenario = range.chain(({ duration, step }) => {
    const moment = fc.integer({ min: 0, max: duration })
    const span = fc.tuple(moment, moment).map(([a, b]): Span => [Math.min(a, b), Math.max(a, b)])
    return fc.record({ duration: fc.constant(duration), step: fc.constant(step), spans: fc.array(span) })
  })
  fc.assert(
    fc.property(scenario, ({ duration, step, spans }) => {
      const { means, viewer_ms } = toTimeline(changesOf(spans, step), duration, step)
      const slow = slowMeans(spans, duration, step)
      expect(means).toHaveLength(slow.length)
      means.forEach((mean, index) => {
        expect(mean).toBeCloseTo(slow[index] ?? Number.NaN, 6)
      })
      expect(viewer_ms).toBe(spans.reduce((sum, [began, ended]) => sum + ended - began, 0))
    }),
  )
})

test('a range without sessions is a line of zeros', () => {
  expect(toTimeline([], 25, 10)).toEqual({ means: [0, 0, 0], viewer_ms: 0 })
})
