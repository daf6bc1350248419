import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { createMiddleware } from 'hono/factory'
import type { Clock } from '../../shared/clock.ts'
import { Fault } from '../../shared/fault.ts'
import { type Firing, readFiring } from './firing.ts'
import { isTriggerName, parseTrigger, type Trigger, type TriggerName } from './triggers/trigger.ts'

export const TRIGGER_BYTES_MAX = 1024 * 1024

/** A trigger as it came in. */
export interface TriggerCall {
  name: TriggerName
  bytes: Uint8Array
  header: (name: string) => string | undefined
}

/** Which trigger it is. The header decides; the path is for people who read logs. 404 when there is no such one. */
export function nameOf(c: Context): TriggerName {
  const name = c.req.header('x-trigger') ?? c.req.param('name') ?? ''
  if (isTriggerName(name)) return name
  throw new Fault('not_found', 'unknown_trigger', 'There is no such trigger.')
}

export async function readCall(c: Context): Promise<TriggerCall> {
  const name = nameOf(c)
  return { name, bytes: new Uint8Array(await c.req.arrayBuffer()), header: (header) => c.req.header(header) }
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

const countBytes = bodyLimit({
  maxSize: TRIGGER_BYTES_MAX,
  onError: () => {
    throw tooLarge()
  },
})

/** 413 for a body beyond the limit. MistServer says its length, which the server holds it to; only others are counted. */
export const requireSmallBody = createMiddleware(async (c, next) => {
  const length = c.req.header('content-length')
  if (length === undefined || c.req.header('transfer-encoding') !== undefined) return countBytes(c, next)
  if (Number(length) > TRIGGER_BYTES_MAX) throw tooLarge()
  await next()
})

function tooLarge(): Fault {
  return new Fault('too_large', 'trigger_too_large', `A trigger has at most ${TRIGGER_BYTES_MAX} bytes.`)
}
