import { Counter, Gauge, type Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { Jobs } from '../jobs.ts'

/** The same jobs, whose runs are counted. */
export function countRuns(registry: Registry, clock: Clock, jobs: Jobs): Jobs {
  const labelNames = ['name'] as const
  const registers = [registry]
  const runs = new Counter({
    name: 'job_runs_total',
    help: 'Runs of a job by how they ended',
    labelNames: ['name', 'outcome'] as const,
    registers,
  })
  const ends = {
    ok: new Gauge({
      name: 'job_last_success_timestamp_seconds',
      help: 'When a run last ended well; at first, when counting began',
      labelNames,
      registers,
    }),
    failed: new Gauge({
      name: 'job_last_failure_timestamp_seconds',
      help: 'When a run last failed; 0 when none has',
      labelNames,
      registers,
    }),
  }
  const seconds = () => clock().getTime() / 1000
  for (const name of Object.keys(jobs)) {
    for (const outcome of ['ok', 'failed']) runs.inc({ name, outcome }, 0)
    ends.ok.set({ name }, seconds())
    ends.failed.set({ name }, 0)
  }
  const counted = Object.entries(jobs).map(([name, job]) => {
    const end = (outcome: keyof typeof ends) => {
      runs.inc({ name, outcome })
      ends[outcome].set({ name }, seconds())
    }
    const run = async (signal: AbortSignal) => {
      try {
        await job.run(signal)
      } catch (error) {
        end('failed')
        throw error
      }
      end('ok')
    }
    return [name, { ...job, run }]
  })
  return Object.fromEntries(counted)
}
