import type { SentEvent } from '../../shared/events/envelope.ts'

/** MistServer reports the end of a session so long after the last of its seconds. */
const REPORTED_LATE_MS = 17_000

/** What goes on under a key: a counter that only rises, and when it began (ms of uptime) where that is known. */
export interface Figures {
  bytes: number
  began: number | null
}

/** What an event ends. */
export interface End {
  of: 'session' | 'stream'
  /** The session's id, or the stream's name. */
  key: string
  bytes: number
  /** How long it went on; null where that is not told. */
  seconds: number | null
  madeUp: boolean
}

/** The end that an event tells of; null when it ends neither a session nor a stream. */
export function readEnd({ event_type, stream_name, data }: SentEvent): End | null {
  if (event_type === 'stream-end') {
    const madeUp = data.provenance === 'reconciled'
    return { of: 'stream', key: stream_name, bytes: data.ingress_bytes, seconds: null, madeUp }
  }
  if (event_type !== 'user-connection' || data.action !== 'disconnect') return null
  const { session_id: key, egress_bytes: bytes, seconds } = data
  return { of: 'session', key, bytes, seconds, madeUp: data.provenance === 'reconciled' }
}

/** What an end says of that which it ends, told at `up_ms`. */
export function figuresOf({ bytes, seconds, madeUp }: End, up_ms: number): Figures {
  if (seconds === null) return { bytes, began: null }
  return { bytes, began: up_ms - (madeUp ? 0 : REPORTED_LATE_MS) - seconds * 1000 }
}
