import { expect, test } from 'vitest'
import type { Origin } from './origins.ts'
import { BOOT_MS, Publishers } from './publishers.ts'

const NAME = 'live+regatta'
const TARGET = { id: 'psh_1', url: 'rtmp://live.example/app/secret' }
const origin: Origin = { live: true, pids: [7], targets: [TARGET.url, '/recordings/regatta.mp4'] }

/** Publishers over a MistServer that shows these. */
function over(origins: Record<string, Origin> = {}) {
  const asked = { times: 0, fail: false }
  const publishers = new Publishers(async () => {
    asked.times++
    if (asked.fail) throw new Error('MistServer is away')
    return new Map(Object.entries(origins))
  })
  return { publishers, asked }
}

const targetsOf = (publishers: Publishers) => publishers.targets().get(NAME)

test('a stream is published here from its publisher’s admission until it closes', () => {
  const { publishers } = over()
  expect(publishers.has(NAME)).toBe(false)
  publishers.admit(NAME, 7, [TARGET], 0)
  expect([publishers.has(NAME), targetsOf(publishers)]).toEqual([true, [TARGET]])
  publishers.close(NAME, 7)
  expect([publishers.has(NAME), targetsOf(publishers)]).toEqual([false, undefined])
})

test('the end of a publisher does not end the next one, who was faster', () => {
  const { publishers } = over()
  publishers.admit(NAME, 7, [], 0)
  publishers.admit(NAME, 8, [TARGET], 1)
  publishers.close(NAME, 7)
  expect(targetsOf(publishers)).toEqual([TARGET])
})

test('a publisher whose end got lost is forgotten with its stream, one who just comes is not', () => {
  const { publishers } = over()
  publishers.admit(NAME, 7, [], 0)
  publishers.keep(new Set(), BOOT_MS - 1)
  expect(publishers.has(NAME)).toBe(true)
  publishers.keep(new Set([NAME]), BOOT_MS - 1)
  publishers.admit(NAME, 8, [], BOOT_MS)
  publishers.keep(new Set(), BOOT_MS)
  expect(publishers.has(NAME)).toBe(true)
  publishers.keep(new Set([NAME]), BOOT_MS + 1)
  publishers.keep(new Set(), BOOT_MS + 2)
  expect(publishers.has(NAME)).toBe(false)
})

test('a publisher who was let in and never came is forgotten in the end', () => {
  const { publishers } = over()
  publishers.admit(NAME, 7, [], 0)
  publishers.keep(new Set(), BOOT_MS)
  expect(publishers.has(NAME)).toBe(false)
})

test('who published before Helmsman started is known by the first question, once for all who ask', async () => {
  const { publishers, asked } = over({ [NAME]: origin })
  expect(publishers.lacks('live+other')).toBe(false)
  expect(await Promise.all([publishers.publishes(NAME), publishers.publishes('live+other')])).toEqual([true, false])
  expect(asked.times).toBe(1)
  expect([publishers.lacks(NAME), publishers.lacks('live+other')]).toEqual([false, true])
  publishers.close(NAME, 7)
  expect(await publishers.publishes(NAME)).toBe(false)
})

test('the pushes that ran before go on; recordings are no pushes of ours', async () => {
  const { publishers } = over({ [NAME]: origin })
  await publishers.learn()
  expect(targetsOf(publishers)).toEqual([{ id: null, url: TARGET.url }])
})

test('a publisher who was let in meanwhile counts, not what MistServer showed', async () => {
  const { publishers } = over({ [NAME]: origin })
  publishers.admit(NAME, 8, [], 0)
  await publishers.learn()
  expect(targetsOf(publishers)).toEqual([])
})

test('a MistServer that does not say is asked again by the next question', async () => {
  const { publishers, asked } = over({ [NAME]: origin })
  asked.fail = true
  expect([await publishers.publishes(NAME), publishers.lacks(NAME)]).toEqual([false, false])
  asked.fail = false
  expect(await publishers.publishes(NAME)).toBe(true)
})

test('where a stream is sent on to can be changed while it is published here', () => {
  const { publishers } = over()
  expect(publishers.retarget(NAME, () => [TARGET])).toBe(false)
  publishers.admit(NAME, 7, [], 0)
  expect(publishers.retarget(NAME, (targets) => [...targets, TARGET])).toBe(true)
  expect(targetsOf(publishers)).toEqual([TARGET])
})

test('a stream is told of as there from its tracks until its publisher goes', async () => {
  const { publishers } = over({ 'live+before': origin })
  publishers.noteTracks(NAME, true)
  publishers.admit(NAME, 7, [], 0)
  expect(publishers.streaming()).toEqual([])
  publishers.noteTracks(NAME, true)
  await publishers.learn()
  expect(publishers.streaming()).toEqual([NAME, 'live+before'])
  publishers.noteTracks('live+before', false)
  publishers.close(NAME, 7)
  expect(publishers.streaming()).toEqual([])
})
