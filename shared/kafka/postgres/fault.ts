import { Fault } from '../../fault.ts'
import { toDatabaseFault } from '../../postgres/database.ts'

/** The fault that a failure of the database means to a caller of the event log; the original stays as its cause. */
export function toPostgresFault(error: unknown): Fault {
  const known = toDatabaseFault(error)
  if (!(known instanceof Fault)) {
    return new Fault('internal', 'event_log_failed', 'The event log refused the call', { cause: error })
  }
  if (known.reason !== 'database_unavailable') return known
  return new Fault('unavailable', 'event_log_unavailable', 'The event log cannot be reached', { cause: error })
}
