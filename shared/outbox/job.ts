import type { Clock } from '../clock.ts'
import type { Job } from '../jobs.ts'
import type { Log } from '../log.ts'
import type { Database } from '../postgres/database.ts'
import { drain, type Handler } from './drain.ts'

/** Messages that one run works on; the rest waits for the next. */
const BATCH_MAX = 500

interface OutboxDeps<Tables> {
  db: Database<Tables>
  clock: Clock
  log: Log
}

/** Does each second what waits in a service's outbox. */
export function createOutboxJob<Tables>(
  { db, clock, log }: OutboxDeps<Tables>,
  handlers: Readonly<Record<string, Handler>>,
): Job {
  return {
    every_seconds: 1,
    run: async (signal) => {
      const outcome = await drain(db, handlers, { now: clock, batch_max: BATCH_MAX, signal })
      if (outcome.failed > 0) log.warn('outbox messages failed', { ...outcome })
    },
  }
}
