import { LRUCache } from 'lru-cache'
import { type Client, call } from '../../shared/client/client.ts'
import type { Clock } from '../../shared/clock.ts'
import { authorizeIngest, authorizePlayback, PRESENTED_LENGTH_MAX } from '../../shared/contract/commodore.ts'
import { VIEWER_TOKEN_LENGTH_MAX } from '../../shared/contract/playback.ts'
import { Fault, toFault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'
import type { Uptime } from '../moment.ts'
import { type Allowed, deny, type Verdict } from './verdict.ts'

/** MistServer gives up on an answer after 5 s and then decides by itself. */
export const DECISION_TIMEOUT_MS = 4_000
/** The same viewer's next connection is not asked about again within this time. */
export const FRESH_VERDICT_MS = 5_000
/** A stream that could be played so recently may be while the control plane does not answer. */
export const RECOVERY_MS = 30_000
export const VERDICTS_MAX = 4_096

export interface Publisher {
  stream_key: string
  protocol: string
  host: string
}

export interface Viewer {
  /** A playback id, or MistServer's own name of a stream (`live+<internal name>`). */
  stream_name: string
  host: string
  protocol: string
  /** The viewer's token for streams that ask for one; empty if none. */
  token: string
  /** `source`: the host itself starts the stream, for whoever may come. */
  purpose?: 'view' | 'source'
}

interface GateOptions {
  commodore: Client
  clock: Clock
  uptime: Uptime
  log: Log
  timeoutMs?: number
}

/**
 * Asks Commodore who may publish and play. Only permissions are kept, never refusals. When Commodore does not answer,
 * publishers are refused, and viewers let in to streams that were permitted a moment ago.
 */
export class Gate {
  readonly #commodore: Client
  readonly #log: Log
  readonly #timeoutMs: number
  readonly #clock: Clock
  readonly #fresh: LRUCache<string, Allowed>
  readonly #recent: LRUCache<string, Allowed>
  /** Names of streams that have an owner, as publishing or playing them was permitted. */
  readonly #owned: LRUCache<string, Allowed>

  constructor({ commodore, clock, uptime, log, timeoutMs = DECISION_TIMEOUT_MS }: GateOptions) {
    this.#commodore = commodore
    this.#log = log
    this.#timeoutMs = timeoutMs
    this.#clock = clock
    const perf = { now: uptime }
    this.#fresh = new LRUCache({ max: VERDICTS_MAX, ttl: FRESH_VERDICT_MS, ttlResolution: 0, perf })
    this.#recent = new LRUCache({ max: VERDICTS_MAX, ttl: RECOVERY_MS, ttlResolution: 0, perf })
    this.#owned = new LRUCache({ max: VERDICTS_MAX, ttl: RECOVERY_MS, ttlResolution: 0, perf })
  }

  /** May this key publish, and as which stream? */
  async publish({ stream_key, protocol, host }: Publisher): Promise<Verdict> {
    if (stream_key === '' || stream_key.length > PRESENTED_LENGTH_MAX) return deny('unknown_key')
    try {
      const verdict = await this.#within((signal) =>
        call(this.#commodore, authorizeIngest, { stream_key, protocol, publisher_host: host }, { signal }),
      )
      if (!verdict.allowed) return verdict
      const { push_targets, ...owned } = verdict
      this.#owned.set(verdict.runtime_name, owned)
      return verdict
    } catch (error) {
      return this.#unanswered(error)
    }
  }

  /** May this viewer play, and which stream is it? */
  async view(viewer: Viewer): Promise<Verdict> {
    const { stream_name, host, protocol, token, purpose = 'view' } = viewer
    if (stream_name === '' || stream_name.length > PRESENTED_LENGTH_MAX) return deny('unknown_playback_id')
    if (token.length > VIEWER_TOKEN_LENGTH_MAX) return deny('token_malformed')
    const fresh = this.#fresh.get(keyOf(stream_name, viewer, host))
    if (fresh !== undefined) return fresh
    try {
      const verdict = await this.#within((signal) =>
        call(
          this.#commodore,
          authorizePlayback,
          {
            ...(isRuntimeName(stream_name) ? { runtime_name: stream_name } : { playback_id: stream_name }),
            viewer_host: host,
            protocol,
            ...(purpose === 'source' && { purpose }),
            ...(token !== '' && { token }),
          },
          { signal },
        ),
      )
      if (verdict.allowed) this.#remember(viewer, verdict)
      return verdict
    } catch (error) {
      return this.#recent.get(keyOf(stream_name, viewer)) ?? this.#unanswered(error)
    }
  }

  /** Does a stream that MistServer is about to start have an owner? */
  async source(stream_name: string): Promise<Verdict> {
    return (
      this.#owned.get(stream_name) ??
      this.view({ stream_name, host: '', protocol: 'source', token: '', purpose: 'source' })
    )
  }

  /** Asks anew about a stream and everyone on it, whatever was permitted before. */
  forget(runtime_name: string): void {
    for (const cache of [this.#fresh, this.#recent, this.#owned]) {
      for (const [key, verdict] of cache.entries()) if (verdict.runtime_name === runtime_name) cache.delete(key)
    }
  }

  /** MistServer next asks about the stream by its runtime name, so that is kept too. */
  #remember(viewer: Viewer, verdict: Allowed): void {
    const { stream_name, host } = viewer
    this.#owned.set(verdict.runtime_name, verdict)
    for (const name of new Set([stream_name, verdict.runtime_name])) {
      this.#fresh.set(keyOf(name, viewer, host), verdict, { ttl: this.#bounded(FRESH_VERDICT_MS, verdict) })
      this.#recent.set(keyOf(name, viewer), verdict, { ttl: this.#bounded(RECOVERY_MS, verdict) })
    }
  }

  /** No permission is kept beyond the token that it was given to; a ttl of 0 would be for good. */
  #bounded(ms: number, { viewer_until }: Allowed): number {
    if (viewer_until === undefined) return ms
    return Math.max(1, Math.min(ms, Date.parse(viewer_until) - this.#clock().getTime()))
  }

  /** Bounds the whole question, a new token for it included. */
  async #within<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = AbortSignal.timeout(this.#timeoutMs)
    const late = Promise.withResolvers<never>()
    const reject = () => late.reject(new Fault('unavailable', 'commodore_late', 'commodore did not answer in time.'))
    signal.addEventListener('abort', reject, { once: true })
    try {
      return await Promise.race([ask(signal), late.promise])
    } finally {
      signal.removeEventListener('abort', reject)
    }
  }

  #unanswered(error: unknown): Verdict {
    const fault = toFault(error)
    this.#log.error('the control plane gave no verdict', { code: fault.reason, error: fault.cause })
    return deny('control_plane_unavailable')
  }
}

/** What a verdict was given on: a token may be bound to where its viewer is and to how it plays. */
function keyOf(stream_name: string, { token, host, protocol, purpose = 'view' }: Viewer, ...more: string[]): string {
  const bound = token === '' ? [] : [token, host, protocol]
  return [stream_name, purpose, ...more, ...bound].join('\u0000')
}

/** Playback ids have no `+`; MistServer's names of our streams all do. */
export function isRuntimeName(stream_name: string): boolean {
  return stream_name.includes('+')
}
