import { once } from 'node:events'
import { expect, test } from 'vitest'
import { runJobs } from './jobs.ts'

test('jobs are told when their time is over, and are waited for', async () => {
  const ended: string[] = []
  const job = (name: string, run: (signal: AbortSignal) => Promise<unknown>) => ({
    every_seconds: 60,
    run: async (signal: AbortSignal) => {
      await run(signal)
      ended.push(name)
    },
  })
  const quick = job('quick', async () => undefined)
  const long = job('long', (signal) => once(signal, 'abort'))
  const failing = job('failing', () => Promise.reject(new Error('away')))
  await expect(runJobs({ long, quick, failing }, 10)).rejects.toThrow('1 jobs failed')
  expect(ended).toEqual(['quick', 'long'])
})
