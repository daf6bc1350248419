import { expect, test } from 'vitest'
import { BACKOFF_MAX_MS, backoffMs } from './backoff.ts'
import { startJob } from './job.ts'

const NEVER_MS = 2 ** 30

test('a job runs at once, when woken, and not at its interval’s leisure', async () => {
  let runs = 0
  await using job = startJob({ intervalMs: NEVER_MS, run: async () => void runs++, onFailure: () => undefined })
  await expect.poll(() => runs).toBe(1)
  job.wake()
  await expect.poll(() => runs).toBe(2)
})

test('a run is never beside another; a wake during one means one more', async () => {
  let running = 0
  let most = 0
  let runs = 0
  const gate = Promise.withResolvers<void>()
  await using job = startJob({
    intervalMs: NEVER_MS,
    run: async () => {
      most = Math.max(most, ++running)
      await gate.promise
      running--
      runs++
    },
    onFailure: () => undefined,
  })
  job.wake()
  job.wake()
  gate.resolve()
  await expect.poll(() => runs).toBe(2)
  expect(most).toBe(1)
})

test('a run that fails is told of, and the next one comes', async () => {
  const told: string[] = []
  await using job = startJob({
    intervalMs: NEVER_MS,
    run: () => Promise.reject(new TypeError('no')),
    onFailure: (fault) => told.push(fault.reason),
  })
  await expect.poll(() => told.length).toBe(1)
  job.wake()
  await expect.poll(() => told).toEqual(['internal', 'internal'])
})

test('disposing waits for the run under way, and none comes after', async () => {
  let finished = 0
  const gate = Promise.withResolvers<void>()
  const run = async () => {
    await gate.promise
    finished++
  }
  const job = startJob({ intervalMs: 0, run, onFailure: () => undefined })
  const disposed = job[Symbol.asyncDispose]()
  gate.resolve()
  await disposed
  expect(finished).toBe(1)
})

test('waits grow to a limit, and never fall below half of it', () => {
  expect([1, 2, 3].map((failures) => backoffMs(failures, () => 1))).toEqual([500, 1000, 2000])
  expect(backoffMs(1, () => 0)).toBe(250)
  expect(backoffMs(1000, () => 1)).toBe(BACKOFF_MAX_MS)
})
