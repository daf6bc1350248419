import type { SentEvent } from '../../shared/events/envelope.ts'

/** MistServer reports the end of a session so long after the last of its seconds. */
const REPORTED_LATE_MS = 17_000

/** What goes on under a key: a counter that only rises, and when it began (Unix ms) where that is known. */
export interface Figures {
  bytes: number
  began: number | null
}

/** What an event ends. */
export interface End {
  of: 'session' | 'stream'
  /** The session's id, or the stream's name. */
  key: string
  at: number
  figures: Figures
  madeUp: boolean
}

/** The end that an event tells of; null when it ends neither a session nor a stream. */
export function readEnd({ event_type, occurred_at, stream_name, data }: SentEvent): End | null {
  const at = Date.parse(occurred_at)
  if (event_type === 'stream-end') {
    const figures = { bytes: data.ingress_bytes, began: null }
    return { of: 'stream', key: stream_name, at, figures, madeUp: data.provenance === 'reconciled' }
  }
  if (event_type !== 'user-connection' || data.action !== 'disconnect') return null
  const madeUp = data.provenance === 'reconciled'
  const began = at - (madeUp ? 0 : REPORTED_LATE_MS) - data.seconds * 1000
  return { of: 'session', key: data.session_id, at, figures: { bytes: data.egress_bytes, began }, madeUp }
}
