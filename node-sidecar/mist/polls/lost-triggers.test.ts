import { expect, test } from 'vitest'
import { readApiReply } from '../../testing/recordings.ts'
import { hasLostTriggers } from './lost-triggers.ts'
import { Statistics } from './statistics.ts'

const recorded = Statistics.parse(JSON.parse(readApiReply('node-statistics')))
const counts = (changes: Record<string, number>) => ({
  ...recorded.triggers,
  ...Object.fromEntries(Object.entries(changes).map(([name, count]) => [name, { count }])),
})
const [viewers, inputs, outputs] = recorded.tot
const [users, publishers, ready] = ['USER_NEW', 'PUSH_REWRITE', 'STREAM_READY'].map(
  (name) => recorded.triggers[name]?.count ?? 0,
) as [number, number, number]

test.each<[string, Partial<Statistics>, boolean]>([
  ['nothing happens', {}, false],
  [
    'a viewer comes and is announced',
    { tot: [viewers + 1, inputs, outputs], triggers: counts({ USER_NEW: users + 1 }) },
    false,
  ],
  ['a viewer comes unannounced', { tot: [viewers + 1, inputs, outputs] }, true],
  [
    'a publisher is announced',
    { tot: [viewers, inputs + 1, outputs], triggers: counts({ PUSH_REWRITE: publishers + 1 }) },
    false,
  ],
  [
    'a pulled stream is announced',
    { tot: [viewers, inputs + 1, outputs], triggers: counts({ STREAM_READY: ready + 1 }) },
    false,
  ],
  ['an input comes unannounced', { tot: [viewers, inputs + 1, outputs] }, true],
  ['a push begins, which nobody announces', { tot: [viewers, inputs, outputs + 1] }, false],
  ['bytes count from 0 again', { bw: [0, 0] }, true],
  ['sessions count from 0 again', { tot: [0, 0, 0] }, true],
  ['triggers count from 0 again', { triggers: counts({ USER_NEW: 1 }) }, true],
  ['no trigger was ever fired', { triggers: {} }, true],
])('by two polls between which %s', (_, changes, lost) => {
  expect(hasLostTriggers(recorded, { ...recorded, ...changes })).toBe(lost)
})
