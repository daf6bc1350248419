import type { Moment } from '../moment.ts'

/** How long after something was first missed its own end may still come: MistServer reports ends 15 to 19 s late. */
export const GRACE_MS = 60_000
/** A poll shows the past: what has ended may be in it for this long. */
export const ECHO_MS = 30_000

/** Something that goes on, as it was last seen. */
export interface Open<T> {
  /** When it was first seen (Unix ms): with its key this names it, whatever the clock showed. */
  since: number
  missed: { at_ms: number; up_ms: number } | null
  last: T
  /** What has begun under the same key since, while the end of this one, by the id of its event, was on its way to the disk. */
  next?: { since: number; last: T; after: string } | undefined
}

/** What goes on by its key, from polls; and what must have ended without our being told. */
export class Ledger<T> {
  readonly #open: Map<string, Open<T>>
  /** Ms of uptime at which an end was told, the oldest first; remembered for as long as there may be an echo of it. */
  readonly #ends = new Map<string, number>()
  readonly #isAnother: (before: T, now: T) => boolean

  /** `isAnother` tells by two polls of a key whether the second shows something that has begun anew. */
  constructor(isAnother: (before: T, now: T) => boolean, open: Iterable<readonly [string, Open<T>]> = []) {
    this.#isAnother = isAnother
    this.#open = new Map(open)
  }

  get open(): ReadonlyMap<string, Open<T>> {
    return this.#open
  }

  /** An end was told: nothing is missing. `event_id` is of one that was reported; a made-up one ends what is open. */
  end(key: string, up_ms: number, event_id?: string): void {
    const open = this.#open.get(key)
    if (open?.next && (event_id ?? open.next.after) === open.next.after) {
      this.#open.set(key, { since: open.next.since, missed: null, last: open.next.last })
      return
    }
    // The end of what came next: the one before is missing still.
    if (open?.next) open.next = undefined
    else this.#open.delete(key)
    this.#ends.delete(key)
    this.#ends.set(key, up_ms)
    this.#forget(up_ms)
  }

  /**
   * Takes a poll and returns what has been missing for too long, or has begun anew under its key; that is then open no
   * more once `end` is told. What `arriving` has, by the ids of their ends, is not missing.
   */
  see(
    present: ReadonlyMap<string, T>,
    { at, up_ms }: Moment,
    arriving: ReadonlyMap<string, string> = new Map(),
  ): [string, Open<T>][] {
    this.#forget(up_ms)
    const lost: [string, Open<T>][] = []
    for (const [key, last] of present) {
      if (this.#ends.has(key)) continue
      const open = this.#open.get(key)
      const after = open?.next?.after ?? arriving.get(key)
      if (open === undefined || !(open.next || this.#isAnother(open.last, last))) {
        this.#open.set(key, { since: open?.since ?? at.getTime(), missed: null, last })
        continue
      }
      if (after !== undefined) open.next = { since: this.#sinceOf(open.next, last) ?? at.getTime(), last, after }
      if (!arriving.has(key)) lost.push([key, open])
    }
    for (const [key, open] of this.#open) {
      if (present.has(key)) continue
      open.missed ??= { at_ms: at.getTime(), up_ms }
      if (arriving.has(key)) continue
      if (up_ms - open.missed.up_ms >= GRACE_MS) lost.push([key, open])
    }
    return lost
  }

  #sinceOf(next: Open<T>['next'], last: T): number | undefined {
    return next && !this.#isAnother(next.last, last) ? next.since : undefined
  }

  /** Also while no poll comes, as when MistServer's API does not answer. */
  #forget(up_ms: number): void {
    for (const [key, ended] of this.#ends) {
      if (up_ms - ended < ECHO_MS) return
      this.#ends.delete(key)
    }
  }
}
