import { connection } from './connection.ts'
import { ingest } from './ingest.ts'
import { media } from './media.ts'
import { unreadable } from './payload.ts'
import { process } from './process.ts'
import { push } from './push.ts'
import { recording } from './recording.ts'
import { session } from './session.ts'
import { stream } from './stream.ts'
import { system } from './system.ts'

/** Every trigger that MistServer has: whether it waits for an answer, and how its payload reads. */
export const triggers = {
  ...system,
  ...stream,
  ...connection,
  ...ingest,
  ...session,
  ...push,
  ...recording,
  ...media,
  ...process,
} as const

export type TriggerName = keyof typeof triggers
export type TriggerPayload<N extends TriggerName> = ReturnType<(typeof triggers)[N]['parse']>
/** A trigger with its payload; `Trigger<'USER_END'>` is one kind, `Trigger` any of them. */
export type Trigger<N extends TriggerName = TriggerName> = N extends TriggerName
  ? { name: N; payload: TriggerPayload<N> }
  : never

export const triggerNames = Object.keys(triggers) as readonly TriggerName[]

export function isTriggerName(text: string): text is TriggerName {
  return Object.hasOwn(triggers, text)
}

/** Reads a trigger's payload; 400 with a stable reason when it is not what its name promises. */
export function parseTrigger(name: TriggerName, payload: string): Trigger {
  return { name, payload: triggers[name].parse(payload) } as Trigger
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The payload's text; 400 when its bytes are not UTF-8. */
export function decodePayload(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch {
    throw unreadable('trigger_utf8', 'it is not UTF-8')
  }
}
