import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { countRuns } from './jobs.ts'

test('each run is counted by how it ended, and an error passes on', async () => {
  const registry = new Registry()
  let now = new Date(1_000_000)
  let fails = false
  const run = async () => {
    if (fails) throw new Error('away')
  }
  const { sweep } = countRuns(registry, () => now, { sweep: { every_seconds: 60, run } })
  const { signal } = new AbortController()
  expect(await registry.metrics()).toContain('job_runs_total{name="sweep",outcome="failed"} 0')
  now = new Date(2_000_000)
  await sweep?.run(signal)
  now = new Date(3_000_000)
  fails = true
  await expect(sweep?.run(signal)).rejects.toThrow('away')
  const text = await registry.metrics()
  expect(text).toContain('job_runs_total{name="sweep",outcome="ok"} 1')
  expect(text).toContain('job_runs_total{name="sweep",outcome="failed"} 1')
  expect(text).toContain('job_last_success_timestamp_seconds{name="sweep"} 2000')
  expect(text).toContain('job_last_failure_timestamp_seconds{name="sweep"} 3000')
})
