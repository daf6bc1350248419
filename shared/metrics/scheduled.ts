import { systemClock } from '../clock.ts'
import type { Service } from '../http/service.ts'
import { runJobs } from '../jobs.ts'
import { type Source, toEmbedded } from './figures.ts'

/** Runs all jobs of a service once, as its scheduled function does, and writes its figures, also when a job failed. */
export async function runScheduled(
  of: Source,
  { jobs = {}, figures }: Pick<Service, 'jobs' | 'figures'>,
  write: (line: string) => void,
): Promise<void> {
  try {
    await runJobs(jobs)
  } finally {
    if (figures) write(toEmbedded(of, await figures(), systemClock()))
  }
}
