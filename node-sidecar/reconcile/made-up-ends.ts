import type { SentEvent } from '../../shared/events/envelope.ts'
import type { Replaced } from '../../shared/events/fields.ts'
import type { End, Figures } from './end.ts'
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
  /** When it is forgotten (Unix ms); null while polls show that it was made up too early. */
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

  /** The end that `event`, an end of `key` as well, replaces; null when it is the first of what it ends. */
  replacedBy(key: string, event_id: string, figures: Figures): Replaced | null {
    const end = this.#ends.get(key)
    if (end === undefined || end.event_id === event_id) return null
    const same = end.replaced_by === null ? goesOn(end, figures) : end.replaced_by === event_id
    return same ? { event_id: end.event_id, occurred_at: end.occurred_at } : null
  }

  /** Told of an end that is journalled. */
  note({ event_id, occurred_at }: SentEvent, { key, figures, madeUp }: End): void {
    const until = Date.parse(occurred_at) + MADE_UP_KEPT_MS
    const end = this.#ends.get(key)
    if (madeUp) {
      this.#ends.set(key, { event_id, occurred_at, bytes: figures.bytes, until, replaced_by: null })
    } else if (end !== undefined) {
      this.#ends.set(key, { ...end, replaced_by: end.replaced_by ?? event_id, until })
    }
  }

  forget(keys: readonly string[]): void {
    for (const key of keys) this.#ends.delete(key)
  }

  /** Takes a poll: what it shows has gone on, or has begun anew under its key. */
  see(present: ReadonlyMap<string, Figures>, at: number): void {
    for (const [key, end] of this.#ends) {
      const figures = present.get(key)
      if (figures !== undefined && end.replaced_by === null) {
        if (goesOn(end, figures)) end.until = null
        else this.#ends.delete(key)
      } else if (end.until !== null && at > end.until) this.#ends.delete(key)
    }
  }
}

function goesOn(end: MadeUpEnd, { bytes, began }: Figures): boolean {
  const beganBefore = began === null || began <= Date.parse(end.occurred_at) + BEGAN_LATE_MS_MAX
  return bytes >= end.bytes && beganBefore
}
