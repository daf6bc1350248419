/** Something that will happen; cancelled by taking away what it does. */
export interface Entry {
  at: number
  turn: number
  run: (() => void) | null
}

/** Taken before a simulation replaces it: one turn of the real loop runs all promises that are due. */
const realSetImmediate = setImmediate
const settled = () => new Promise<void>((resolve) => realSetImmediate(resolve))

/** Virtual time: the earliest entry happens next, and everything that it sets off before the one after it. */
export class Schedule {
  /** Unix ms, as a perfect clock shows them. */
  now: number
  readonly #heap: Entry[] = []
  #turn = 0

  constructor(start: number) {
    this.now = start
  }

  after(ms: number, run: () => void): Entry {
    const entry = { at: this.now + Math.max(0, ms), turn: this.#turn++, run }
    this.#push(entry)
    return entry
  }

  /** Lets time pass up to `until`, or to when nothing is left to happen, or to when `done` says so. */
  async advance(until: number, done: () => boolean = () => false): Promise<void> {
    await settled()
    for (let next = this.#heap[0]; next !== undefined && next.at <= until && !done(); next = this.#heap[0]) {
      this.#pop()
      if (next.run === null) continue
      this.now = next.at
      next.run()
      await settled()
    }
    if (!done()) this.now = Math.max(this.now, until)
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (above === undefined || isBefore(above, entry)) break
      heap[at] = above
      at = parent
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      const [a, b] = [heap[left], heap[left + 1]]
      if (a === undefined) break
      const [child, below] = b !== undefined && isBefore(b, a) ? [left + 1, b] : [left, a]
      if (isBefore(last, below)) break
      heap[at] = below
      at = child
    }
    heap[at] = last
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.turn < b.turn)
}
