import type { SentEvent } from '../../shared/events/envelope.ts'
import type { Replaced } from '../../shared/events/fields.ts'
import { type End, type Figures, figuresOf } from './end.ts'
import { GRACE_MS } from './ledger.ts'

/** How long something may stay away after its end was made up and still turn out to be the same. */
export const MADE_UP_KEPT_MS = 10 * 60_000
/** A session's seconds leave idle ones out, so what they make of its beginning may be late by this. */
export const BEGAN_LATE_MS_MAX = GRACE_MS / 2
/** The end that was made up last for a key. */
export interface MadeUpEnd {
  event_id: string
  occurred_at: string
  bytes: number
  /** When what it ends was missed (ms of uptime). */
  up_ms: number
  /** When it is forgotten (ms of uptime); null while polls show that it was made up too early. */
  until: number | null
  /** The end that has replaced it, which may be told again. */
  replaced_by: string | null
}

/**
 * Ends that were made up, for as long as they may prove to have been too early: a poll shows the same session again, or
 * its own end comes after all. The later end then says which it replaces, as it counts everything from the beginning.
 */
export class MadeUpEnds {
  readonly #ends: Map<string, MadeUpEnd>

  constructor(ends: Iterable<readonly [string, MadeUpEnd]> = []) {
    this.#ends = new Map(ends)
  }

  get ends(): ReadonlyMap<string, MadeUpEnd> {
    return this.#ends
  }

  /** The end that the event, an end told at `up_ms`, replaces; null when it is the first of what it ends. */
  replacedBy(event_id: string, told: End, up_ms: number): Replaced | null {
    const end = this.#ends.get(told.key)
    if (end === undefined || end.event_id === event_id) return null
    const same = end.replaced_by === null ? goesOn(end, figuresOf(told, up_ms)) : end.replaced_by === event_id
    return same ? { event_id: end.event_id, occurred_at: end.occurred_at } : null
  }

  /** Told of an end that is journalled, and when it came, or what it ends was missed (ms of uptime). */
  note({ event_id, occurred_at }: SentEvent, { key, bytes, madeUp }: End, up_ms: number): void {
    const until = up_ms + MADE_UP_KEPT_MS
    const end = this.#ends.get(key)
    if (madeUp) {
      this.#ends.set(key, { event_id, occurred_at, bytes, up_ms, until, replaced_by: null })
    } else if (end !== undefined) {
      this.#ends.set(key, { ...end, replaced_by: end.replaced_by ?? event_id, until })
    }
  }

  forget(keys: readonly string[]): void {
    for (const key of keys) this.#ends.delete(key)
  }

  clear(): void {
    this.#ends.clear()
  }

  /** Takes a poll: what it shows has gone on, or has begun anew under its key. */
  see(present: ReadonlyMap<string, Figures>, up_ms: number): void {
    for (const [key, end] of this.#ends) {
      const figures = present.get(key)
      if (figures !== undefined && end.replaced_by === null) {
        if (goesOn(end, figures)) end.until = null
        else this.#ends.delete(key)
      } else if (end.until !== null && up_ms > end.until) this.#ends.delete(key)
    }
  }
}

function goesOn(end: MadeUpEnd, { bytes, began }: Figures): boolean {
  const beganBefore = began === null || began <= end.up_ms + BEGAN_LATE_MS_MAX
  return bytes >= end.bytes && beganBefore
}
