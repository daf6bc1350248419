/** Which hosts media of a stream comes in to, by slot, and whether it comes to them from another host. */
export class Holders {
  /** By stream name, twice the slot and 1 more for a replica. */
  readonly #byStream = new Map<string, number[]>()
  readonly #bySlot: (Map<string, number> | undefined)[] = []

  /** Twice the slot of each host that has the stream, and 1 more where it is a replica. */
  of(stream: string): readonly number[] {
    return this.#byStream.get(stream) ?? NOBODY
  }

  /** Takes over which streams a host has: twice the index into `names`, and 1 more for a replica. */
  set(slot: number, presence: readonly number[], names: readonly string[]): void {
    const last = this.#bySlot[slot]
    const next = new Map<string, number>()
    for (const entry of presence) next.set(names[entry >> 1] ?? '', 2 * slot + (entry & 1))
    for (const [name, entry] of last ?? []) if (next.get(name) !== entry) this.#remove(name, entry)
    for (const [name, entry] of next) if (last?.get(name) !== entry) this.#add(name, entry)
    this.#bySlot[slot] = next
  }

  clear(slot: number): void {
    this.set(slot, [], [])
    this.#bySlot[slot] = undefined
  }

  #add(name: string, entry: number): void {
    const entries = this.#byStream.get(name)
    if (entries === undefined) this.#byStream.set(name, [entry])
    else entries.push(entry)
  }

  #remove(name: string, entry: number): void {
    const left = this.#byStream.get(name)?.filter((other) => other !== entry) ?? []
    if (left.length === 0) this.#byStream.delete(name)
    else this.#byStream.set(name, left)
  }
}

const NOBODY: readonly number[] = []
