import type { Client } from '../../shared/client/client.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Jobs } from '../../shared/jobs.ts'
import type { Log } from '../../shared/log.ts'
import { drain } from '../../shared/outbox/drain.ts'
import type { Database } from '../../shared/postgres/database.ts'
import type { Tables } from './tables.ts'
import { createTellHandler, OCCURRENCE_KIND } from './tell.ts'

/** Messages that one run works on; the rest waits for the next. */
const BATCH_MAX = 500

interface JobDeps {
  db: Database<Tables>
  clock: Clock
  log: Log
  commodore: Client
}

/** What Quartermaster does by the clock. */
export function createJobs({ db, clock, log, commodore }: JobDeps): Jobs {
  const handlers = { [OCCURRENCE_KIND]: createTellHandler(commodore) }
  return {
    outbox: {
      every_seconds: 1,
      run: async (signal) => {
        const outcome = await drain(db, handlers, { now: clock, batch_max: BATCH_MAX, signal })
        if (outcome.failed > 0) log.warn('outbox messages failed', { ...outcome })
      },
    },
  }
}
