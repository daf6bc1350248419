import type { Charge } from '../pictures/snapshot.ts'
import { CHARGE_LIFE_MS } from './limits.ts'

/** Charges of one second. */
interface Bucket {
  second: number
  viewers: number
  bytes_per_second: number
}

/** Viewers on their way to hosts whose reports do not show them yet. */
export class Pending {
  /** By host, oldest first: a second of a host is one bucket, so that a crowd takes no more room than a few. */
  readonly #byHost = new Map<string, Bucket[]>()

  add({ node_id, viewers, bytes_per_second }: Charge, at_ms: number): void {
    const second = Math.floor(at_ms / 1000)
    const buckets = this.#byHost.get(node_id) ?? []
    this.#byHost.set(node_id, buckets)
    const at = buckets.findLastIndex((bucket) => bucket.second <= second)
    const bucket = buckets[at]
    if (bucket?.second === second) {
      bucket.viewers += viewers
      bucket.bytes_per_second += bytes_per_second
    } else {
      buckets.splice(at + 1, 0, { second, viewers, bytes_per_second })
    }
  }

  /** A host shows so many viewers more: those who were sent to it first have arrived. */
  settle(node_id: string, arrived: number): void {
    const buckets = this.#byHost.get(node_id)
    let left = arrived
    while (buckets !== undefined && left > 0) {
      const [oldest] = buckets
      if (oldest === undefined) break
      const settled = Math.min(left, oldest.viewers)
      left -= settled
      oldest.bytes_per_second -= (oldest.bytes_per_second * settled) / oldest.viewers
      oldest.viewers -= settled
      if (oldest.viewers === 0) buckets.shift()
    }
    if (buckets?.length === 0) this.#byHost.delete(node_id)
  }

  /** Gives up on viewers who never showed. Returns the hosts that had any. */
  expire(now_ms: number): string[] {
    const since_ms = now_ms - CHARGE_LIFE_MS
    const changed: string[] = []
    for (const [node_id, buckets] of this.#byHost) {
      const left = buckets.filter(({ second }) => (second + 1) * 1000 > since_ms)
      if (left.length === buckets.length) continue
      changed.push(node_id)
      if (left.length === 0) this.#byHost.delete(node_id)
      else this.#byHost.set(node_id, left)
    }
    return changed
  }

  forget(node_id: string): void {
    this.#byHost.delete(node_id)
  }

  viewers(node_id: string): number {
    return this.#byHost.get(node_id)?.reduce((sum, bucket) => sum + bucket.viewers, 0) ?? 0
  }

  bytesPerSecond(node_id: string): number {
    return this.#byHost.get(node_id)?.reduce((sum, bucket) => sum + bucket.bytes_per_second, 0) ?? 0
  }
}
