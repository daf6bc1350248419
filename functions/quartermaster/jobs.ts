import type { Client } from '../../shared/client/client.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Jobs } from '../../shared/jobs.ts'
import type { Log } from '../../shared/log.ts'
import { createOutboxJob } from '../../shared/outbox/job.ts'
import type { Database } from '../../shared/postgres/database.ts'
import type { Tables } from './tables.ts'
import { createTellHandler, OCCURRENCE_KIND } from './tell.ts'

interface JobDeps {
  db: Database<Tables>
  clock: Clock
  log: Log
  commodore: Client
}

/** What Quartermaster does by the clock. */
export function createJobs({ commodore, ...deps }: JobDeps): Jobs {
  return { outbox: createOutboxJob(deps, { [OCCURRENCE_KIND]: createTellHandler(commodore) }) }
}
