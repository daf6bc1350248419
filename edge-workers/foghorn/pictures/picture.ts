import type { Weights } from '../../../shared/contract/foghorn.ts'
import { Fleet } from '../decision/fleet.ts'
import { Ledger } from './ledger.ts'
import type { Choice, Recent, Refresh, Snapshot } from './snapshot.ts'

/** What an isolate knows of a cluster, with what it has done that the cluster does not know. */
export class Picture {
  readonly fleet: Fleet
  readonly ledger = new Ledger()
  /** When the cluster was asked for what is known; null before its first answer. */
  at_ms: number | null = null
  #epoch: string | null = null
  #version = 0

  constructor(cluster_id: string, weights: Weights) {
    this.fleet = new Fleet(cluster_id, weights)
  }

  /** What to ask the cluster now. */
  ask(now_ms: number): Refresh {
    const batches = this.ledger.tell(now_ms)
    return { isolate_id: this.ledger.isolate_id, epoch: this.#epoch, version: this.#version, batches }
  }

  /** Takes over its answer to what was asked at `asked_at_ms`; true when it has forgotten something that it was told. */
  answer(snapshot: Snapshot, asked_at_ms: number): boolean {
    const anew = this.#epoch !== null && this.#epoch !== snapshot.epoch
    this.fleet.apply(snapshot, asked_at_ms)
    const forgotten = this.ledger.counted(snapshot.counted, anew, asked_at_ms)
    this.fleet.setOwn(this.ledger.own())
    this.at_ms = asked_at_ms
    this.#epoch = snapshot.epoch
    this.#version = snapshot.version
    return forgotten
  }

  /** Somebody is on the way to a host. */
  sent(choice: Choice, now_ms: number): void {
    this.note({ outcome: 'sent', ...choice }, now_ms)
    const host = this.fleet.get(choice.node_id)
    // A publisher brings its bytes in; what goes out is charged.
    if (host === undefined || choice.want === 'ingest') return
    const { node_id, viewer_bytes_per_second: bytes_per_second } = host
    this.ledger.charge({ node_id, viewers: 1, bytes_per_second }, now_ms)
    this.fleet.addOwn(node_id, bytes_per_second)
  }

  note(recent: Recent, now_ms: number): void {
    this.ledger.note(recent, now_ms)
  }
}
