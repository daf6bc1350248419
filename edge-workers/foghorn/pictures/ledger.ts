import { CHARGE_LIFE_MS } from '../cluster/limits.ts'
import type { Charge, ChargeBatch, Recent } from './snapshot.ts'

/** Newest decisions that are told along with one batch. */
export const RECENT_PER_BATCH_MAX = 20
/** Batches that wait to be told; a cluster that is out of reach for longer never hears of the oldest. */
export const UNTOLD_BATCHES_MAX = 100

interface Batch {
  number: number
  at_ms: number
  charges: Map<string, Charge>
  recent: Recent[]
}

/** Whom this isolate has sent to the hosts of one cluster, until the cluster has counted it. */
export class Ledger {
  #isolate_id = crypto.randomUUID()
  #number = 0
  /** What the next batch will be. */
  #open: Batch | undefined
  /** Told or about to be, and not known to be counted. */
  #untold: Batch[] = []
  /** Counted, and not expired there yet: a cluster that has lost its memory must hear of them again. */
  #told: Batch[] = []

  /** Who this is to the cluster. */
  get isolate_id(): string {
    return this.#isolate_id
  }

  get isEmpty(): boolean {
    return this.#open === undefined && this.#untold.length === 0
  }

  charge({ node_id, viewers, bytes_per_second }: Charge, now_ms: number): void {
    const { charges } = this.#opened(now_ms)
    const before = charges.get(node_id) ?? { node_id, viewers: 0, bytes_per_second: 0 }
    charges.set(node_id, {
      node_id,
      viewers: before.viewers + viewers,
      bytes_per_second: before.bytes_per_second + bytes_per_second,
    })
  }

  note(recent: Recent, now_ms: number): void {
    const batch = this.#opened(now_ms)
    batch.recent = [...batch.recent, recent].slice(-RECENT_PER_BATCH_MAX)
  }

  /** What the cluster is to be told now; the same batches again until `counted` hears that they were counted. */
  tell(now_ms: number): ChargeBatch[] {
    if (this.#open !== undefined) this.#untold = [...this.#untold, this.#open].slice(-UNTOLD_BATCHES_MAX)
    this.#open = undefined
    return this.#untold.map(({ number, at_ms, charges, recent }) => ({
      number,
      age_ms: now_ms - at_ms,
      charges: [...charges.values()],
      recent,
    }))
  }

  /** The cluster has counted all up to a batch. `anew`: it has lost what it had counted before; true when there was any. */
  counted(number: number, anew: boolean, now_ms: number): boolean {
    const isYoung = ({ at_ms }: Batch) => now_ms - at_ms < CHARGE_LIFE_MS
    const lost = anew ? this.#told.filter(isYoung) : []
    const counted = this.#untold.filter((batch) => batch.number <= number)
    const left = this.#untold.filter((batch) => batch.number > number)
    this.#told = [...(anew ? [] : this.#told), ...counted].filter(isYoung)
    this.#untold = left
    if (lost.length === 0) return false
    // Under a new name, because what is told again is older than what was counted under the one before.
    this.#isolate_id = crypto.randomUUID()
    this.#number = 0
    const again = [...lost, ...left, ...(this.#open ? [this.#open] : [])]
    for (const batch of again) batch.number = ++this.#number
    for (const batch of lost) batch.recent = []
    this.#untold = [...lost, ...left]
    return true
  }

  /** Bytes per second by host that the cluster is not known to have counted. */
  own(): Map<string, number> {
    const sums = new Map<string, number>()
    for (const { charges } of [...this.#untold, ...(this.#open ? [this.#open] : [])]) {
      for (const { node_id, bytes_per_second } of charges.values()) {
        sums.set(node_id, (sums.get(node_id) ?? 0) + bytes_per_second)
      }
    }
    return sums
  }

  #opened(now_ms: number): Batch {
    this.#open ??= { number: ++this.#number, at_ms: now_ms, charges: new Map(), recent: [] }
    return this.#open
  }
}
