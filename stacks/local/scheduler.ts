import type { Jobs } from '../../shared/jobs.ts'
import type { Log } from '../../shared/log.ts'

/**
 * Runs jobs by the clock, as the cloud's scheduler does: each anew so long after its last run has ended, so that none overtakes
 * itself. Disposing it tells running ones to stop and waits for them.
 */
export function startScheduler(jobs: Jobs, log: Log): AsyncDisposable {
  const stopping = new AbortController()
  const loops = Object.entries(jobs).map(async ([name, { every_seconds, run }]) => {
    while (!stopping.signal.aborted) {
      await run(stopping.signal).catch((error) => log.error('a job failed', { job: name, error }))
      await pause(every_seconds * 1000, stopping.signal)
    }
  })
  return {
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      await Promise.all(loops)
    },
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end, { once: true })
  })
}
