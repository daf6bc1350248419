import { Fault } from '../../shared/fault.ts'
import type { TriggerName } from './triggers/trigger.ts'

/** MistServer keeps a handler in 128 bytes and cuts off the rest without a word. */
export const HANDLER_BYTES_MAX = 127

/** The stream that all of ours are instances of: `live+<internal name>`. */
export const LIVE = { name: 'live', source: 'push://' }

/** One handler of a trigger as MistServer's configuration has it. */
export interface Handler {
  handler: string
  sync: boolean
  streams: string[]
  /** What MistServer does by itself when the handler fails; without it, a failure lets people in. */
  onfail?: 'deny' | 'keep' | 'offline'
  params?: ''
}

const blocking: Partial<Record<TriggerName, Handler['onfail']>> = {
  PUSH_REWRITE: 'deny',
  PLAY_REWRITE: 'deny',
  USER_NEW: 'deny',
  STREAM_SOURCE: 'offline',
  // As a notice its empty answer could be taken for an empty target, which aborts the push.
  PUSH_OUT_START: 'keep',
  // MistServer knows no action for it; failing, it falls back to a stream `true`, which nobody has.
  DEFAULT_STREAM: undefined,
}

/** Notices: MistServer does not wait, also for those that it could be answered. */
const notices: TriggerName[] = [
  'STREAM_READY',
  'STREAM_UNLOAD',
  'STREAM_BUFFER',
  'STREAM_END',
  'LIVE_TRACK_LIST',
  'PUSH_INPUT_CLOSE',
  'USER_END',
  'PUSH_END',
  'RECORDING_END',
  'RECORDING_SEGMENT',
]

/** The handlers that MistServer must have, each calling `door` (`http://127.0.0.1:18007`). Throws when that is too long. */
export function wantedHandlers(door: URL): Map<TriggerName, Handler> {
  const wanted = new Map<TriggerName, Handler>()
  for (const [name, onfail] of Object.entries(blocking) as [TriggerName, Handler['onfail']][]) {
    wanted.set(name, { handler: handlerOf(door, name), sync: true, streams: [], ...(onfail && { onfail }) })
  }
  for (const name of notices) wanted.set(name, { handler: handlerOf(door, name), sync: false, streams: [] })
  return wanted
}

function handlerOf(door: URL, name: TriggerName): string {
  const handler = `${door.href.replace(/\/$/, '')}/triggers/${name}`
  if (Buffer.byteLength(handler) <= HANDLER_BYTES_MAX) return handler
  throw new Fault('invalid', 'handler_too_long', `${handler} has more than ${HANDLER_BYTES_MAX} bytes.`)
}

/** Whether a handler is Helmsman's: also one of an earlier port, which would refuse everything now. */
export function isOurs(handler: string): boolean {
  return /^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?\/triggers\/[A-Z_]+$/.test(handler)
}
