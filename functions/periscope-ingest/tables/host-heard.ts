import { HOST_HEARD, HostHeard } from '../../../shared/events/host-heard.ts'
import { Fault } from '../../../shared/fault.ts'

/** A row of `host_heard`: up to when a host was heard in one partition of the log. */
export type HostHeardRow = HostHeard & { partition: number }

/** A record as far as it may be a mark; what comes from elsewhere than a log has neither headers nor a partition. */
interface MayBeMark {
  value: Uint8Array
  headers?: Readonly<Record<string, string>>
  partition?: number
}

export function isMark({ headers }: MayBeMark): boolean {
  return headers?.event_type === HOST_HEARD
}

/** What a mark says. Throws a `Fault` that no retry mends when it says nothing. */
export function readMark({ value, partition = 0 }: MayBeMark): HostHeardRow {
  try {
    return { ...HostHeard.parse(JSON.parse(Buffer.from(value).toString())), partition }
  } catch (cause) {
    throw new Fault('unprocessable', 'invalid_mark', 'not a mark of a host', { cause })
  }
}
