import type { Clock } from '../../shared/clock.ts'
import type { Jobs } from '../../shared/jobs.ts'
import type { Log } from '../../shared/log.ts'
import { drain, type Handler } from '../../shared/outbox/drain.ts'
import type { Database } from '../../shared/postgres/database.ts'
import type { Tables } from './tables.ts'

/** Messages that one run works on; the rest waits for the next. */
const BATCH_MAX = 500

/** What Commodore's jobs and outbox handlers need. */
export interface JobDeps {
  db: Database<Tables>
  clock: Clock
  log: Log
}

/** What is done for each kind of message of the outbox. */
function createHandlers(_deps: JobDeps): Record<string, Handler> {
  return {}
}

/** What Commodore does by the clock. */
export function createJobs(deps: JobDeps): Jobs {
  const handlers = createHandlers(deps)
  return {
    outbox: {
      every_seconds: 1,
      run: async (signal) => {
        const outcome = await drain(deps.db, handlers, { now: deps.clock, batch_max: BATCH_MAX, signal })
        if (outcome.failed > 0) deps.log.warn('outbox messages failed', { ...outcome })
      },
    },
  }
}
