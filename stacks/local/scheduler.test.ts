import { expect, test } from 'vitest'
import { createLog } from '../../shared/log.ts'
import { startScheduler } from './scheduler.ts'

test('a job runs again and again, also after it failed, never twice at once, and is told to stop', async () => {
  let runs = 0
  let running = 0
  const stopped = Promise.withResolvers<void>()
  const fourth = Promise.withResolvers<void>()
  const run = async (signal: AbortSignal) => {
    expect(++running).toBe(1)
    runs++
    if (runs === 4) {
      fourth.resolve()
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      stopped.resolve()
    }
    running--
    if (runs === 2) throw new Error('once')
  }
  const scheduler = startScheduler({ busy: { every_seconds: 0.001, run } }, createLog('scheduler'))
  await fourth.promise
  await scheduler[Symbol.asyncDispose]()
  await stopped.promise
  expect(runs).toBe(4)
})
