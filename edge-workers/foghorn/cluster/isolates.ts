import { CROWD_HALF_LIFE_MS, ISOLATES_MAX } from './limits.ts'

/** Bytes per second that were charged of late, fading. */
interface Recent {
  bytes_per_second: number
  at_ms: number
}

/** Fewer charges than this say nothing of how much an isolate has to do. */
const CHARGES_FLOOR = 1_000_000

/** The isolates that a cluster hears from: what it has counted of each, and how much of the crowd each sends. */
export class Isolates {
  /** The one that spoke last stands last. */
  readonly #known = new Map<string, Recent & { counted: number }>()
  #all: Recent = { bytes_per_second: 0, at_ms: 0 }

  /** The newest batch that is counted. */
  counted(isolate_id: string): number {
    return this.#known.get(isolate_id)?.counted ?? 0
  }

  /** An isolate has told all up to a batch, with so many bytes per second that were not counted before. */
  count(isolate_id: string, counted: number, bytes_per_second: number, at_ms: number): void {
    const own = this.#known.get(isolate_id) ?? { bytes_per_second: 0, at_ms }
    this.#known.delete(isolate_id)
    this.#known.set(isolate_id, { counted, bytes_per_second: faded(own, at_ms) + bytes_per_second, at_ms })
    this.#all = { bytes_per_second: faded(this.#all, at_ms) + bytes_per_second, at_ms }
    const [silent] = this.#known.keys()
    if (this.#known.size > ISOLATES_MAX && silent !== undefined) this.#known.delete(silent)
  }

  /** How many times what an isolate charges all of them charge meanwhile, at least 1. */
  crowd(isolate_id: string, now_ms: number): number {
    const known = this.#known.get(isolate_id)
    const own = known === undefined ? 0 : faded(known, now_ms)
    return 1 + Math.max(0, faded(this.#all, now_ms) - own) / (own + CHARGES_FLOOR)
  }
}

function faded({ bytes_per_second, at_ms }: Recent, now_ms: number): number {
  return bytes_per_second * 2 ** ((at_ms - now_ms) / CROWD_HALF_LIFE_MS)
}
