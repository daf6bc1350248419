import type { Clock } from '../../shared/clock.ts'
import { Fault } from '../../shared/fault.ts'
import { type Firing, readFiring } from './firing.ts'
import { isTriggerName, parseTrigger, type Trigger, type TriggerName } from './triggers/trigger.ts'

/** A request as it came in. */
export interface TriggerRequest {
  /** What follows `/triggers/`. */
  path: string
  /** A header by its name in lower case. */
  header: (name: string) => string | undefined
  bytes: Uint8Array
}

/** The call of a trigger that there is. */
export interface TriggerCall extends TriggerRequest {
  name: TriggerName
}

/** Which trigger it is. The header decides; the path is for people who read logs. 404 when there is no such one. */
export function readCall({ path, header, bytes }: TriggerRequest): TriggerCall {
  const name = header('x-trigger') ?? path
  if (isTriggerName(name)) return { name, path, header, bytes }
  throw new Fault('not_found', 'unknown_trigger', 'There is no such trigger.')
}

/** The trigger and its firing; 400 when the payload cannot be read. */
export function readTrigger(
  { name, header }: TriggerCall,
  payload: string,
  { node_id, clock }: { node_id: string; clock: Clock },
): { trigger: Trigger; firing: Firing } {
  const trigger = parseTrigger(name, payload)
  return { trigger, firing: readFiring(name, header, payload, { node_id, now: clock() }) }
}
