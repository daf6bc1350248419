/** Work that a service does by the clock and not for a request. */
export interface Job {
  /** How often; where the scheduler counts in minutes, at least once a minute. Running twice at once must be safe. */
  every_seconds: number
  run(signal: AbortSignal): Promise<void>
}

/** A service's jobs by name. */
export type Jobs = Readonly<Record<string, Job>>

/** When the jobs of a scheduled function are told to end, ms; what each has begun by then it brings to its end. */
export const JOBS_TIMEOUT_MS = 50_000

/** Runs all jobs once, side by side, as a scheduled function does; throws when one failed, after all have ended. */
export async function runJobs(jobs: Jobs, timeoutMs = JOBS_TIMEOUT_MS): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs)
  const outcomes = await Promise.allSettled(Object.values(jobs).map((job) => job.run(signal)))
  const failed = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  if (failed.length > 0) throw new AggregateError(failed, `${failed.length} jobs failed`)
}
