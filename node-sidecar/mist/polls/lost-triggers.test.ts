import { describe, expect, test } from 'vitest'
import { readApiReply } from '../../testing/recordings.ts'
import { COUNTED_LATE_MS, LostTriggers, UNHEARD_MS } from './lost-triggers.ts'
import { Statistics } from './statistics.ts'

const recorded = Statistics.parse(JSON.parse(readApiReply('node-statistics')))
const counts = (changes: Record<string, number>) => ({
  ...recorded.triggers,
  ...Object.fromEntries(Object.entries(changes).map(([name, count]) => [name, { count }])),
})
const [viewers, inputs, outputs] = recorded.tot
const countOf = (name: string) => recorded.triggers[name]?.count ?? 0
const one = (name: string) => ({ triggers: counts({ [name]: countOf(name) + 1 }) })
const viewer = { tot: [viewers + 1, inputs, outputs] } satisfies Partial<Statistics>
const input = { tot: [viewers, inputs + 1, outputs] } satisfies Partial<Statistics>

/** Polls of a quiet server, and then one that shows the changes. */
function seeAfterQuiet(changes: Partial<Statistics>) {
  const lost = new LostTriggers()
  for (const at of [0, COUNTED_LATE_MS]) expect(lost.see(recorded, at)).toBeUndefined()
  return lost.see({ ...recorded, ...changes }, COUNTED_LATE_MS + 1)
}

test.each<[string, Partial<Statistics>, boolean]>([
  ['nothing happens', {}, false],
  ['a viewer comes and is announced', { ...viewer, ...one('USER_NEW') }, false],
  ['a viewer comes unannounced', viewer, true],
  ['a publisher is announced', { ...input, ...one('PUSH_REWRITE') }, false],
  ['a pulled stream is announced', { ...input, ...one('STREAM_READY') }, false],
  ['an input comes unannounced', input, true],
  ['a push begins, which nobody announces', { tot: [viewers, inputs, outputs + 1] }, false],
  ['sessions count from 0 again', { tot: [0, 0, 0] }, true],
  ['triggers count from 0 again', { triggers: counts({ USER_NEW: 1 }) }, true],
  ['triggers are counted no more', { triggers: {} }, true],
])('the triggers are lost when %s: %j', (_, changes, lost) => {
  expect(seeAfterQuiet(changes)).toBe(lost ? 'lost' : undefined)
})

describe('nothing is lost', () => {
  test('when a viewer is counted a poll later than its trigger', () => {
    const lost = new LostTriggers()
    expect(lost.see(recorded, 0)).toBeUndefined()
    expect(lost.see({ ...recorded, ...one('USER_NEW') }, 5_000)).toBeUndefined()
    expect(lost.see({ ...recorded, ...one('USER_NEW'), ...viewer }, 10_000)).toBeUndefined()
  })

  test('as far as two polls at almost the same time can tell', () => {
    const lost = new LostTriggers()
    expect(lost.see(recorded, 0)).toBeUndefined()
    expect(lost.see({ ...recorded, ...one('USER_NEW') }, 5_000)).toBeUndefined()
    expect(lost.see({ ...recorded, ...one('USER_NEW') }, 5_001)).toBeUndefined()
    expect(lost.see({ ...recorded, ...one('USER_NEW'), ...viewer }, 5_002)).toBeUndefined()
  })

  test('once more, after they were set anew', () => {
    const lost = new LostTriggers()
    for (const at of [0, 5_000]) lost.see(recorded, at)
    expect(lost.see({ ...recorded, ...viewer }, 10_000)).toBe('lost')
    expect(lost.see({ ...recorded, ...viewer }, 15_000)).toBeUndefined()
  })
})

test('when no trigger has fired for long nobody can tell, and again after as long', () => {
  const lost = new LostTriggers()
  const see = (changes: Partial<Statistics>, at: number) => lost.see({ ...recorded, ...changes }, at)
  expect(see({}, 0)).toBeUndefined()
  expect(see({}, UNHEARD_MS - 1)).toBeUndefined()
  expect(see({}, UNHEARD_MS)).toBe('unheard')
  expect(see({}, 2 * UNHEARD_MS - 1)).toBeUndefined()
  expect(see(one('USER_NEW'), 2 * UNHEARD_MS)).toBeUndefined()
  expect(see(one('USER_NEW'), 3 * UNHEARD_MS - 1)).toBeUndefined()
  expect(see(one('USER_NEW'), 3 * UNHEARD_MS)).toBe('unheard')
})
