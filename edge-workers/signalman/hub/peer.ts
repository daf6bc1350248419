import type { LiveEventType, ServerFrame } from '../../../shared/contract/signalman.ts'
import { closeCodes, FRAME_EVENTS_MAX } from '../../../shared/contract/signalman-limits.ts'
import { Interest } from '../../../shared/live/interest.ts'
import type { Numbered } from './history.ts'
import { FRAMES_PER_MINUTE_MAX } from './limits.ts'

/** The way to one client. */
export interface Line {
  /** `seq` is that of a frame's last event, where it has one. */
  send(text: string, seq?: number): void
  close(code: number, reason: string): void
}

/** What is kept of a client while the object sleeps. */
export interface KeptPeer {
  /** Types of events that the caller may see. */
  visible: readonly LiveEventType[]
  expires_at_ms: number
  subscriptions: readonly { id: string; filter: Interest['filter']; since: number }[]
  /** Where it has fallen behind: nothing after this was sent. Null while it keeps up. */
  behind_at: number | null
}

/** One client, what it wants to hear, and how far it has heard. */
export class Peer {
  readonly id: string
  readonly line: Line
  readonly visible: readonly LiveEventType[]
  readonly expires_at_ms: number
  readonly interests = new Map<string, Interest>()
  /** Everything up to here that it wants was sent. */
  sent: number
  /** Since when nothing is sent, as it does not acknowledge; null while it keeps up. */
  behind_since_ms: number | null
  /** When it said something last, `ping` aside. */
  heard_at_ms: number
  readonly #unacknowledged: { seq: number; chars: number }[] = []
  /** Text on its way to it, in characters. */
  chars = 0
  #minute = { began_at_ms: 0, frames: 0 }

  constructor(id: string, line: Line, kept: KeptPeer, { seq, now_ms }: { seq: number; now_ms: number }) {
    this.id = id
    this.line = line
    this.visible = kept.visible
    this.expires_at_ms = kept.expires_at_ms
    this.sent = kept.behind_at ?? seq
    this.behind_since_ms = kept.behind_at === null ? null : now_ms
    this.heard_at_ms = now_ms
    for (const { id, filter, since } of kept.subscriptions) {
      this.interests.set(id, new Interest(filter, kept.visible, since))
    }
  }

  /** The same for all who want to hear the same. */
  get taste(): string {
    return JSON.stringify([this.visible, [...this.interests.values()].map(({ filter }) => filter)])
  }

  kept(): KeptPeer {
    return {
      visible: this.visible,
      expires_at_ms: this.expires_at_ms,
      subscriptions: [...this.interests].map(([id, { filter, since }]) => ({ id, filter, since })),
      behind_at: this.behind_since_ms === null ? null : this.sent,
    }
  }

  wants(event: Numbered): boolean {
    for (const interest of this.interests.values()) if (interest.wants(event)) return true
    return false
  }

  tell(frame: ServerFrame): void {
    this.line.send(JSON.stringify(frame))
  }

  /** Sends a frame whose last event is `seq`. */
  sendCounted(text: string, seq: number): void {
    this.line.send(text, seq)
    this.#unacknowledged.push({ seq, chars: text.length })
    this.chars += text.length
  }

  acknowledge(seq: number): void {
    const first = this.#unacknowledged.findIndex((frame) => frame.seq > seq)
    const gone = this.#unacknowledged.splice(0, first < 0 ? this.#unacknowledged.length : first)
    this.chars -= gone.reduce((sum, { chars }) => sum + chars, 0)
  }

  /** Notes that it said something; false when it says too much. */
  mayTalk(now_ms: number): boolean {
    this.heard_at_ms = now_ms
    if (now_ms - this.#minute.began_at_ms >= 60_000) this.#minute = { began_at_ms: now_ms, frames: 0 }
    return ++this.#minute.frames <= FRAMES_PER_MINUTE_MAX
  }

  close(why: keyof typeof closeCodes): void {
    this.line.close(closeCodes[why], why)
  }
}

/** Events as the frames that carry them. */
export function toFrames(events: readonly Numbered[]): { text: string; seq: number }[] {
  const frames: { text: string; seq: number }[] = []
  for (let at = 0; at < events.length; at += FRAME_EVENTS_MAX) {
    const part = events.slice(at, at + FRAME_EVENTS_MAX)
    const seq = part.at(-1)?.seq ?? 0
    frames.push({ text: `{"type":"events","events":[${part.map(({ text }) => text).join(',')}]}`, seq })
  }
  return frames
}
