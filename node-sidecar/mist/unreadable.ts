import type { Fault } from '../../shared/fault.ts'
import type { DeadLetter } from '../journal/dead-letters.ts'
import { hideKeys } from './redact.ts'
import type { TriggerName } from './triggers/trigger.ts'

/** Their targets and logs hold credentials that can only be found by reading them. */
const notKept = new Set<TriggerName>(['PUSH_END', 'RECORDING_END', 'RECORDING_SEGMENT', 'CONN_CLOSE', 'OUTPUT_END'])

/** The dead letter of a trigger whose payload could not be read. */
export function toUnreadable(name: TriggerName, bytes: Uint8Array, fault: Fault, at: Date): DeadLetter {
  const content = notKept.has(name) ? null : hideKeys(new TextDecoder().decode(bytes))
  return { at: at.toISOString(), kind: 'trigger', name, reason: fault.reason, content }
}
