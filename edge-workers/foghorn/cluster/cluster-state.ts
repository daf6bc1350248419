import type { Heartbeat, HeartbeatRefusal, Weights } from '../../../shared/contract/foghorn.ts'
import type { HostAge } from '../decision/fleet.ts'
import { viewersOf } from '../decision/usage.ts'
import { CLUSTER_HOSTS_MAX, HOST_FORGET_MS } from '../nodes/limits.ts'
import type { ChargeBatch, Recent, Refresh, Snapshot } from '../pictures/snapshot.ts'
import { arrivals } from './arrivals.ts'
import { type Heard, Hosts } from './hosts.ts'
import { Isolates } from './isolates.ts'
import { CLUSTER_STREAMS_MAX, HELD_OUT_MAX, RECENT_MAX } from './limits.ts'
import { Pending } from './pending.ts'
import { Replays } from './replays.ts'
import { figuresOf, SnapshotWriter } from './snapshot-writer.ts'

/** A host for people to look at. */
export interface HostOverview extends HostAge {
  /** Of the whole host. */
  viewers: number
  held_out: boolean
  /** Who was sent to it and does not show yet. */
  pending_viewers: number
  pending_bytes_per_second: number
}

/** A cluster for people to look at: silent hosts too, until they are forgotten. */
export interface Overview {
  hosts: HostOverview[]
  /** Oldest first. */
  recent: Recent[]
  /** Null for the configured ones. */
  weights: Weights | null
}

/** What must outlive the object that holds it. */
export interface Kept {
  hosts: Iterable<{ node_id: string; seen_at_ms: number; heartbeat: Heartbeat }>
  held_out: Iterable<string>
  weights: Weights | null
}

/** All that is known of a cluster, in memory. Its times are the caller's. */
export class ClusterState {
  readonly #epoch: string
  readonly #hosts = new Hosts()
  readonly #pending = new Pending()
  readonly #replays = new Replays()
  readonly #heldOut: Set<string>
  readonly #isolates = new Isolates()
  #recent: Recent[] = []
  #weights: Weights | null
  #streams = 0

  /** `epoch` tells this one from those that knew the cluster before. */
  constructor(epoch: string, kept: Kept) {
    this.#epoch = epoch
    this.#heldOut = new Set(kept.held_out)
    this.#weights = kept.weights
    for (const { node_id, seen_at_ms, heartbeat } of kept.hosts) {
      this.#replays.take(node_id, heartbeat.order)
      this.#put(node_id, heartbeat, seen_at_ms)
    }
  }

  get(node_id: string): Heard | undefined {
    return this.#hosts.get(node_id)
  }

  /** Takes a host's heartbeat, as much of it as there is room for, or says why not. */
  beat(node_id: string, heartbeat: Heartbeat, now_ms: number): Heartbeat | HeartbeatRefusal {
    const last = this.#hosts.get(node_id)
    if (last === undefined && this.#hosts.size >= CLUSTER_HOSTS_MAX) return 'cluster_full'
    if (!this.#replays.take(node_id, heartbeat.order)) return 'heartbeat_replayed'
    if (last !== undefined) this.#pending.settle(node_id, arrivals(last.heartbeat, heartbeat))
    return this.#put(node_id, heartbeat, now_ms)
  }

  #put(node_id: string, heartbeat: Heartbeat, seen_at_ms: number): Heartbeat {
    const others = this.#streams - (this.#hosts.get(node_id)?.heartbeat.streams.length ?? 0)
    const room = CLUSTER_STREAMS_MAX - others
    const fits = heartbeat.streams.length <= room
    const taken = fits
      ? heartbeat
      : { ...heartbeat, viewers: viewersOf(heartbeat), streams: heartbeat.streams.slice(0, room) }
    this.#streams = others + taken.streams.length
    this.#hosts.set(node_id, taken, seen_at_ms)
    return taken
  }

  /** Forgets hosts that were silent for long; returns which. */
  forget(now_ms: number): string[] {
    const forgotten = Array.from(this.#hosts.entries()).filter(
      ([, { seen_at_ms }]) => now_ms - seen_at_ms > HOST_FORGET_MS,
    )
    return forgotten.map(([node_id, { heartbeat }]) => {
      this.#streams -= heartbeat.streams.length
      this.#hosts.delete(node_id)
      this.#pending.forget(node_id)
      this.#replays.forget(node_id)
      return node_id
    })
  }

  /** Counts what an isolate has done, and answers what it does not know yet. */
  refresh({ isolate_id, epoch, version, batches }: Refresh, now_ms: number): Snapshot {
    this.#count(isolate_id, batches, now_ms)
    for (const node_id of this.#pending.expire(now_ms)) this.#hosts.touch(node_id)
    const removed = epoch === this.#epoch ? this.#hosts.removedSince(version) : null
    const whole = removed === null
    const writer = new SnapshotWriter()
    const hosts = Array.from(this.#hosts.entries()).flatMap(([node_id, heard]) => {
      return writer.write(node_id, heard, whole ? -1 : version, () => this.#figuresOf(node_id, heard, now_ms)) ?? []
    })
    const { outputs, names } = writer
    const state = { epoch: this.#epoch, version: this.#hosts.version, weights: this.#weights }
    const isolate = { counted: this.#isolates.counted(isolate_id), crowd: this.#isolates.crowd(isolate_id, now_ms) }
    return { ...state, ...isolate, whole, hosts, removed: removed ?? [], outputs, names }
  }

  #figuresOf(node_id: string, heard: Heard, now_ms: number) {
    const held_out = this.#heldOut.has(node_id)
    return figuresOf(heard, now_ms, { held_out, pending_bytes_per_second: this.#pending.bytesPerSecond(node_id) })
  }

  #count(isolate_id: string, batches: readonly ChargeBatch[], now_ms: number): void {
    let counted = this.#isolates.counted(isolate_id)
    let bytes_per_second = 0
    for (const { number, age_ms, charges, recent } of batches) {
      if (number <= counted) continue
      counted = number
      for (const charge of charges) {
        if (this.#hosts.get(charge.node_id) === undefined) continue
        this.#pending.add(charge, now_ms - age_ms)
        this.#hosts.touch(charge.node_id)
        bytes_per_second += charge.bytes_per_second
      }
      this.#recent = [...this.#recent, ...recent].slice(-RECENT_MAX)
    }
    this.#isolates.count(isolate_id, counted, bytes_per_second, now_ms)
  }

  /** Every host that is not forgotten, silent ones included. */
  hosts(now_ms: number): HostAge[] {
    return Array.from(this.#hosts.entries(), ([node_id, { seen_at_ms, heartbeat }]) => ({
      node_id,
      age_ms: now_ms - seen_at_ms,
      heartbeat,
    }))
  }

  overview(now_ms: number): Overview {
    for (const node_id of this.#pending.expire(now_ms)) this.#hosts.touch(node_id)
    const hosts = this.hosts(now_ms).map((host) => ({
      ...host,
      viewers: viewersOf(host.heartbeat),
      held_out: this.#heldOut.has(host.node_id),
      pending_viewers: this.#pending.viewers(host.node_id),
      pending_bytes_per_second: this.#pending.bytesPerSecond(host.node_id),
    }))
    return { hosts, recent: this.#recent, weights: this.#weights }
  }

  setWeights(weights: Weights | null): void {
    this.#weights = weights
  }

  /** Keeps hosts, by id or address, out of balancing or takes them back; returns the ids of those that it found. */
  hold(host: string, on: boolean): string[] {
    const found = Array.from(this.#hosts.entries()).flatMap(([node_id, { heartbeat }]) =>
      node_id === host || heartbeat.host === host ? [node_id] : [],
    )
    for (const node_id of found) {
      if (on) this.#heldOut.add(node_id)
      else this.#heldOut.delete(node_id)
      this.#hosts.touch(node_id)
    }
    const [oldest] = this.#heldOut
    if (this.#heldOut.size > HELD_OUT_MAX && oldest !== undefined) {
      this.#heldOut.delete(oldest)
      this.#hosts.touch(oldest)
    }
    return found
  }
}
