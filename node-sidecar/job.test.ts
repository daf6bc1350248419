import { expect, test } from 'vitest'
import { rollDice } from '../stacks/local/media-host/dice.ts'
import { BACKOFF_MAX_MS, backoffMs } from './backoff.ts'
import { startJob, waitMs } from './job.ts'
import { HEARTBEAT_JITTER } from './mist/watch.ts'

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

test('a fleet whose beats begin together spreads over the interval', () => {
  const dice = rollDice(1)
  const random = () => dice.integer(0, 1e6) / 1e6
  const INTERVAL_MS = 5_000
  const BEATS = 120
  const HOSTS = 1_000
  const phases = Array.from({ length: HOSTS }, () => {
    let at = 0
    for (let i = 0; i < BEATS; i++) at += waitMs(INTERVAL_MS, HEARTBEAT_JITTER, random)
    return at % INTERVAL_MS
  })
  const slots = Map.groupBy(phases, (phase) => Math.floor(phase / 500))
  expect(slots.size).toBe(10)
  for (const slot of slots.values()) expect(slot.length).toBeLessThan((2 * HOSTS) / slots.size)
})

test('a run comes early by chance, never late', async () => {
  expect([waitMs(5_000, 0.2, () => 0), waitMs(5_000, 0.2, () => 1)]).toEqual([5_000, 4_000])
  let runs = 0
  const run = async () => void runs++
  await using _ = startJob({ intervalMs: NEVER_MS, jitter: 1, random: () => 1, run, onFailure: () => undefined })
  await expect.poll(() => runs).toBeGreaterThan(1)
})
