import { ClickHouseError } from '@clickhouse/client-web'
import { Fault } from '../fault.ts'

/** Exceptions after which the same call may succeed: load, memory, replicas and cancelled work. */
const PASSING = new Set([
  'ABORTED',
  'ALL_CONNECTION_TRIES_FAILED',
  'CANNOT_SCHEDULE_TASK',
  'KEEPER_EXCEPTION',
  'MEMORY_LIMIT_EXCEEDED',
  'NETWORK_ERROR',
  'NO_FREE_CONNECTION',
  'QUERY_WAS_CANCELLED',
  'TABLE_IS_READ_ONLY',
  'TOO_FEW_LIVE_REPLICAS',
  'TOO_MANY_PARTS',
  'TOO_MANY_SIMULTANEOUS_QUERIES',
  'UNKNOWN_STATUS_OF_INSERT',
])
const TIMED_OUT = new Set(['SOCKET_TIMEOUT', 'TIMEOUT_EXCEEDED', 'TOO_SLOW'])
const TOO_MUCH = new Set(['TOO_MANY_BYTES', 'TOO_MANY_ROWS', 'TOO_MANY_ROWS_OR_BYTES'])

/** The client's own words when it gave up waiting; it has no type for it. */
const CLIENT_TIMEOUT = 'Timeout error.'

/** The fault that a failure of the ClickHouse client means to a caller; the original stays as its cause. */
export function toClickHouseFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  if (error instanceof ClickHouseError) return fromException(error)
  if (error instanceof Error && error.message === CLIENT_TIMEOUT) return timeout(error)
  // Rows that cannot be encoded fail before anything was sent, and would again.
  if (error instanceof TypeError && error.cause === undefined) return refused(error)
  return new Fault('unavailable', 'clickhouse_unavailable', 'ClickHouse cannot be reached', { cause: error })
}

function fromException(error: ClickHouseError): Fault {
  const type = error.type ?? ''
  if (TIMED_OUT.has(type)) return timeout(error)
  if (PASSING.has(type)) return new Fault('unavailable', 'clickhouse_busy', `ClickHouse: ${type}`, { cause: error })
  if (TOO_MUCH.has(type)) {
    return new Fault('too_large', 'too_much_to_read', 'The question covers too much data; ask for less', {
      cause: error,
    })
  }
  return refused(error)
}

export function timeout(cause: unknown): Fault {
  return new Fault('timeout', 'clickhouse_timeout', 'ClickHouse did not answer in time', { cause })
}

function refused(cause: Error): Fault {
  return new Fault('internal', 'clickhouse_refused', 'ClickHouse refused the call', { cause })
}

/** The exception behind a fault, without its text: that may quote rows, which do not belong into a log. */
export function withoutRows(fault: Fault): Fault {
  const { kind, reason, message, retry, cause } = fault
  if (!(cause instanceof ClickHouseError)) return fault
  return new Fault(kind, reason, message, { retry, cause: new Error(`ClickHouse: ${cause.type} (${cause.code})`) })
}
