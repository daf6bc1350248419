import type { SnapshotReason } from '../../../shared/contract/signalman.ts'
import { UNACKNOWLEDGED_CHARS_MAX } from '../../../shared/contract/signalman-limits.ts'
import type { Interest } from '../../../shared/live/interest.ts'
import type { History, Numbered } from './history.ts'
import { BEHIND_MS_MAX, FRAME_STATES_MAX, HUB_UNACKNOWLEDGED_CHARS_MAX } from './limits.ts'
import { type Peer, toFrames } from './peer.ts'
import type { States } from './states.ts'

/** Events read at a time for a client that catches up. */
const CATCH_UP_EVENTS = 500

/** Who hears a tenant's events. Clients that want the same share the work of finding and writing it. */
export class Audience {
  readonly #history: History
  readonly #states: States
  readonly #groups = new Map<string, Set<Peer>>()
  readonly #tastes = new Map<Peer, string>()
  /** Text on its way to all clients, in characters. */
  #chars = 0

  constructor(history: History, states: States) {
    this.#history = history
    this.#states = states
  }

  get peers(): IterableIterator<Peer> {
    return this.#tastes.keys()
  }

  get size(): number {
    return this.#tastes.size
  }

  /** Takes a client in, or puts it where it belongs after its subscriptions have changed. */
  place(peer: Peer): void {
    this.remove(peer)
    this.#chars += peer.chars
    const { taste } = peer
    const group = this.#groups.get(taste) ?? new Set()
    this.#groups.set(taste, group.add(peer))
    this.#tastes.set(peer, taste)
  }

  remove(peer: Peer): void {
    const taste = this.#tastes.get(peer)
    if (taste === undefined) return
    this.#tastes.delete(peer)
    this.#chars -= peer.chars
    const group = this.#groups.get(taste)
    group?.delete(peer)
    if (group?.size === 0) this.#groups.delete(taste)
  }

  /** Tells events, just added to the history, to all who keep up; returns who falls behind by it. */
  tell(events: readonly Numbered[], now_ms: number): Peer[] {
    const last = events.at(-1)?.seq
    if (last === undefined) return []
    const slow: Peer[] = []
    for (const group of this.#groups.values()) {
      const [one] = group
      const frames = one === undefined ? [] : toFrames(events.filter((event) => one.wants(event)))
      for (const peer of group) {
        if (peer.behind_since_ms !== null) continue
        if (!this.#send(peer, frames, last, now_ms)) slow.push(peer)
      }
    }
    return slow
  }

  /** Sends what a client has missed since it fell behind, as much as it takes now. Whether it has caught up. */
  catchUp(peer: Peer, now_ms: number): boolean {
    if (!this.#history.reaches({ epoch: this.#history.epoch, seq: peer.sent })) {
      for (const [id, interest] of peer.interests) this.snapshot(peer, id, interest, 'behind')
      peer.sent = this.#history.seq
    }
    while (peer.sent < this.#history.seq) {
      const events = this.#history.after(peer.sent, CATCH_UP_EVENTS)
      const last = events.at(-1)?.seq
      if (last === undefined) break
      const wanted = toFrames(events.filter((event) => peer.wants(event)))
      if (!this.#send(peer, wanted, last, now_ms)) return false
    }
    peer.behind_since_ms = null
    return true
  }

  /** Tells how everything is that a subscription is about. */
  snapshot(peer: Peer, id: string, interest: Interest, reason: SnapshotReason): void {
    const states = this.#states.of(interest)
    const { seq } = this.#history
    const head = JSON.stringify({ type: 'snapshot', id, reason, seq }).slice(0, -1)
    let at = 0
    do {
      const part = states.slice(at, at + FRAME_STATES_MAX)
      at += FRAME_STATES_MAX
      this.#count(peer, `${head},"state":[${part.join(',')}],"more":${at < states.length}}`, seq)
    } while (at < states.length)
  }

  /** Goes on with all of a client's subscriptions after a place in the sequence, as far as it takes it now. */
  resume(peer: Peer, after: number, now_ms: number): void {
    peer.sent = after
    peer.behind_since_ms = now_ms
    peer.tell({ type: 'resumed', seq: this.#history.seq })
    this.catchUp(peer, now_ms)
  }

  /** Closes connections that are over: too old, or too slow for too long. */
  sweep(now_ms: number): void {
    for (const peer of [...this.peers]) {
      if (now_ms >= peer.expires_at_ms) this.#end(peer, 'expired')
      else if (peer.behind_since_ms !== null && now_ms - peer.behind_since_ms >= BEHIND_MS_MAX) this.#end(peer, 'slow')
    }
  }

  #end(peer: Peer, why: 'expired' | 'slow'): void {
    this.remove(peer)
    peer.close(why)
  }

  /** Takes what a client says to have arrived; whether there is room to send it what it has missed. */
  acknowledge(peer: Peer, seq: number, now_ms: number): boolean {
    const before = peer.chars
    peer.acknowledge(seq)
    this.#chars -= before - peer.chars
    if (peer.behind_since_ms === null) return false
    const room = peer.chars <= this.#share / 2
    // What it acknowledges, however little, shows that it is alive: the time to catch up begins anew.
    if (room || peer.chars < before) peer.behind_since_ms = now_ms
    return room
  }

  /** What may be on its way to one client, in characters. */
  get #share(): number {
    const share = this.#chars > HUB_UNACKNOWLEDGED_CHARS_MAX ? HUB_UNACKNOWLEDGED_CHARS_MAX / this.size : Infinity
    return Math.min(UNACKNOWLEDGED_CHARS_MAX, share)
  }

  #count(peer: Peer, text: string, seq: number): void {
    peer.sendCounted(text, seq)
    if (this.#tastes.has(peer)) this.#chars += text.length
  }

  /** Whether the client keeps up with it. */
  #send(peer: Peer, frames: readonly { text: string; seq: number }[], last: number, now_ms: number): boolean {
    for (const { text, seq } of frames) {
      this.#count(peer, text, seq)
      peer.sent = seq
      if (peer.chars > this.#share) {
        peer.behind_since_ms ??= now_ms
        return false
      }
    }
    peer.sent = last
    return true
  }
}
