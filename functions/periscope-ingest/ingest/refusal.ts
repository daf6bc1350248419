import { Fault } from '../../../shared/fault.ts'

/** ClickHouse's exceptions about the rows themselves; others (a missing table, a wrong password) are about the store. */
const ABOUT_ROWS =
  /^ClickHouse: (CANNOT_PARSE_\w+|CANNOT_CONVERT_TYPE|CANNOT_INSERT_\w+|INCORRECT_DATA|TYPE_MISMATCH|VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE|ARGUMENT_OUT_OF_BOUND|TOO_LARGE_\w+)\b/
/** SQLSTATE classes of Postgres: data exception, integrity constraint. */
const ABOUT_VALUES = /^2[23]/

/** Whether a store refused what the event holds, so that the same event will be refused for ever. */
export function isAboutData({ retry, cause }: Fault): boolean {
  if (retry) return false
  // Rows that cannot be encoded at all.
  if (cause instanceof TypeError || cause instanceof RangeError) return true
  if (!(cause instanceof Error)) return false
  return ABOUT_ROWS.test(cause.message) || ('code' in cause && ABOUT_VALUES.test(String(cause.code)))
}

/** A store that refuses everything is ours to mend: the events wait in the log meanwhile, and none is given up. */
export function toWaiting(fault: Fault): Fault {
  if (fault.retry) return fault
  return new Fault('unavailable', 'store_refuses', 'A store refuses to take events.', { cause: fault.cause ?? fault })
}
