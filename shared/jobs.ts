/** Work that a service does by the clock and not for a request. */
export interface Job {
  /** How often; where the scheduler counts in minutes, at least once a minute. Running twice at once must be safe. */
  every_seconds: number
  run(signal: AbortSignal): Promise<void>
}

/** A service's jobs by name. */
export type Jobs = Readonly<Record<string, Job>>
