import { eventId } from '../../shared/ids.ts'
import type { TriggerName } from './triggers/trigger.ts'

/** One firing of a trigger: the same through all of MistServer's retries. */
export interface Firing {
  name: TriggerName
  /** Derived from the firing, so that a retry is no second event. */
  event_id: string
  /** MistServer's id of the firing; null where it sends none. */
  uuid: string | null
  occurred_at: Date
  /** Process id of the connector that fired it. */
  pid: number | null
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Reads a firing from its headers; `payload` and `now` stand in for what a header does not say. */
export function readFiring(
  name: TriggerName,
  header: (name: string) => string | undefined,
  payload: string,
  { node_id, now }: { node_id: string; now: Date },
): Firing {
  const uuid = header('x-trigger-uuid')
  const time = header('x-trigger-unixmillis') ?? header('date') ?? ''
  const source = uuid !== undefined && UUID.test(uuid) ? [uuid] : [payload, time]
  const pid = Number(header('x-pid'))
  return {
    name,
    event_id: eventId(node_id, name, ...source),
    uuid: source.length === 1 ? (uuid ?? null) : null,
    occurred_at: readTime(time) ?? now,
    pid: Number.isSafeInteger(pid) && pid > 0 ? pid : null,
  }
}

function readTime(text: string): Date | undefined {
  const time = new Date(/^\d+$/.test(text) ? Number(text) : text)
  return text === '' || Number.isNaN(time.getTime()) || time.getTime() < 0 ? undefined : time
}
