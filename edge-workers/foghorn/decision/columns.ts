/**
 * What a decision reads of each host, one column a figure, by slot: a thousand hosts are gone through without touching an
 * object. What no viewer changes is worked out when a host speaks. What is unknown is NaN.
 */
export class Columns {
  #size = 0
  seen_at_ms = new Float64Array()
  /** On the unit sphere. */
  x = new Float64Array()
  y = new Float64Array()
  z = new Float64Array()
  cpu_percent = new Float64Array()
  /** Points for its load. */
  base = new Float64Array()
  /** Bytes per second that are left to it when one viewer more has come; below 0 it is full. */
  room = new Float64Array()
  /** Bytes per second that are under way to it by the cluster's count, and by what this isolate has not told it yet. */
  pending = new Float64Array()
  own = new Float64Array()
  healthy = new Uint32Array()
  /** The code of why the host takes nobody; 0 when it does. */
  closed = new Uint32Array()
  /** A bit for each protocol, in the contract's order. */
  plays = new Uint32Array()
  takes = new Uint32Array()
  /** Whether other hosts can pull from it. */
  gives = new Uint32Array()
  hash = new Uint32Array()
  /** The work of one decision: which hosts have the stream, why each should not serve, at which resort it does, and its score. */
  held = new Uint32Array()
  code = new Uint32Array()
  resort = new Uint32Array()
  score = new Float64Array()

  /** Makes room for so many slots; those that are there keep what they have. */
  reserve(slots: number): void {
    if (slots <= this.#size) return
    const size = Math.max(slots, 2 * this.#size)
    const reals = (from: Float64Array<ArrayBuffer>) => copied(from, new Float64Array(size))
    const bits = (from: Uint32Array<ArrayBuffer>) => copied(from, new Uint32Array(size))
    this.#size = size
    this.seen_at_ms = reals(this.seen_at_ms)
    this.x = reals(this.x)
    this.y = reals(this.y)
    this.z = reals(this.z)
    this.cpu_percent = reals(this.cpu_percent)
    this.base = reals(this.base)
    this.room = reals(this.room)
    this.pending = reals(this.pending)
    this.own = reals(this.own)
    this.healthy = bits(this.healthy)
    this.closed = bits(this.closed)
    this.plays = bits(this.plays)
    this.takes = bits(this.takes)
    this.gives = bits(this.gives)
    this.hash = bits(this.hash)
    this.held = bits(this.held)
    this.code = bits(this.code)
    this.resort = bits(this.resort)
    this.score = reals(this.score)
  }
}

/** A figure in its column. One kind of array each, so that the engine reads it without looking. */
export function real(column: Float64Array, slot: number): number {
  return column[slot] ?? Number.NaN
}

export function bits(column: Uint32Array, slot: number): number {
  return column[slot] ?? 0
}

function copied<T extends { set(values: T): void }>(from: T, to: T): T {
  to.set(from)
  return to
}
