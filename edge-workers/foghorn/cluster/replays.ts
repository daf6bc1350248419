import type { HeartbeatOrder } from '../../../shared/contract/foghorn.ts'

/** Earlier runs of a host's Helmsman that are remembered: more restarts than a token outlives. */
export const RUNS_KEPT = 8

/** The newest run last, and the number of its last heartbeat. */
interface Last {
  runs: string[]
  number: number
}

/** Tells heartbeats that come again, or after a later one, from new ones. */
export class Replays {
  readonly #hosts = new Map<string, Last>()

  /** Whether a heartbeat is new; then it is its host's last one. One without an order is: hosts of an older version give none. */
  take(node_id: string, order: HeartbeatOrder | undefined): boolean {
    if (order === undefined) return true
    const { run, number } = order
    const { runs, number: last } = this.#hosts.get(node_id) ?? { runs: [], number: -1 }
    if (runs.at(-1) === run) {
      if (number <= last) return false
      this.#hosts.set(node_id, { runs, number })
      return true
    }
    if (runs.includes(run)) return false
    this.#hosts.set(node_id, { runs: [...runs, run].slice(-RUNS_KEPT), number })
    return true
  }

  forget(node_id: string): void {
    this.#hosts.delete(node_id)
  }
}
