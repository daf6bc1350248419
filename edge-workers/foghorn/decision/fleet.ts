import {
  type Heartbeat,
  ingestProtocols,
  type Location,
  protocols,
  type Weights,
} from '../../../shared/contract/foghorn.ts'
import type { Figures, HostParts, Snapshot } from '../pictures/snapshot.ts'
import { dtscOf, type IngestTemplates, ingestTemplatesOf, type Templates, templatesOf } from '../protocol.ts'
import { Columns, real } from './columns.ts'
import { NOWHERE, toVector } from './geography.ts'
import { Holders } from './holders.ts'
import { codes } from './reasons.ts'
import { hash } from './spread.ts'
import { closedBy, freeOf, roomOf, type Usage, viewerBytes } from './usage.ts'

/** A host's last word and how old it is: ages mean the same on every machine, times do not. */
export interface HostAge {
  node_id: string
  age_ms: number
  heartbeat: Heartbeat
}

/** A host as requests see it. */
export interface Host {
  readonly node_id: string
  readonly cluster_id: string
  readonly address: string
  readonly templates: Templates
  readonly ingest_templates: IngestTemplates
  /** `dtsc://host:port`, where other hosts pull from it. */
  readonly dtsc: string | null
  readonly tags: readonly string[]
  readonly location: Location | null
  /** As it last said. */
  readonly load: Usage
  /** What one more viewer of it takes, by those that it has. */
  readonly viewer_bytes_per_second: number
}

/** A picture of one cluster. A host keeps its slot until the cluster forgets it, so that a change touches one slot only. */
export class Fleet {
  readonly cluster_id: string
  readonly columns = new Columns()
  readonly holders = new Holders()
  /** By slot; a free one is undefined. */
  readonly hosts: (Host | undefined)[] = []
  weights: Weights
  /** When the picture stopped because the cluster is out of reach: that silence is ours, and its hosts grow no older. */
  frozen_at_ms = Number.POSITIVE_INFINITY
  #crowd = 1
  readonly #configured: Weights
  readonly #slots = new Map<string, number>()
  readonly #free: number[] = []

  constructor(cluster_id: string, configured: Weights) {
    this.cluster_id = cluster_id
    this.weights = configured
    this.#configured = configured
  }

  /** Takes over what the cluster answered, as of `at_ms` on our own clock. */
  apply({ whole, hosts, removed, outputs, names, weights, crowd }: Snapshot, at_ms: number): void {
    this.#setWeights(weights ?? this.#configured)
    this.#crowd = crowd
    if (whole) this.#keepOnly(new Set(hosts.map(({ node_id }) => node_id)))
    for (const node_id of removed) this.#remove(node_id)
    const derived = outputs.map((all) => ({ all, play: templatesOf(all), ingest: ingestTemplatesOf(all) }))
    for (const parts of hosts) this.#change(parts, { derived, names, at_ms })
  }

  #setWeights(weights: Weights): void {
    const same = JSON.stringify(weights) === JSON.stringify(this.weights)
    this.weights = weights
    if (!same) for (const slot of this.#slots.values()) this.#weigh(slot)
  }

  get size(): number {
    return this.#slots.size
  }

  slotOf(node_id: string): number | undefined {
    return this.#slots.get(node_id)
  }

  get(node_id: string): Host | undefined {
    return this.hosts[this.#slots.get(node_id) ?? -1]
  }

  /** Charges a host for who was sent to it by this isolate and is not in the picture yet. */
  addOwn(node_id: string, bytes_per_second: number): void {
    const slot = this.#slots.get(node_id)
    if (slot === undefined) return
    this.columns.own[slot] = real(this.columns.own, slot) + bytes_per_second
    this.#weigh(slot)
  }

  /** Such charges anew, of all hosts. */
  setOwn(charges: ReadonlyMap<string, number>): void {
    for (const slot of this.#slots.values()) {
      if (real(this.columns.own, slot) === 0) continue
      this.columns.own[slot] = 0
      this.#weigh(slot)
    }
    for (const [node_id, bytes_per_second] of charges) this.addOwn(node_id, bytes_per_second)
  }

  #change({ node_id, profile, figures, presence }: HostParts, { derived, names, at_ms }: Applied): void {
    const slot = this.#slots.get(node_id) ?? this.#add(node_id)
    const before = this.hosts[slot]
    const load = figures ?? before?.load ?? UNKNOWN
    const viewer_bytes_per_second = viewerBytes(load)
    if (figures !== undefined) this.#setFigures(slot, figures, at_ms)
    if (profile !== undefined) {
      const { address, tags, location } = profile
      const { all = {}, play = {}, ingest = {} } = derived[profile.outputs] ?? {}
      const dtsc = dtscOf(all, address)
      const made = { address, templates: play, ingest_templates: ingest, dtsc, tags, location }
      this.hosts[slot] = { node_id, cluster_id: this.cluster_id, ...made, load, viewer_bytes_per_second }
      this.#setProfile(slot, this.hosts[slot])
    } else if (before !== undefined) {
      this.hosts[slot] = { ...before, load, viewer_bytes_per_second }
    }
    this.#weigh(slot)
    if (presence !== undefined) this.holders.set(slot, presence, names)
  }

  #setProfile(slot: number, { node_id, templates, ingest_templates, dtsc, location }: Host): void {
    const { columns } = this
    const { x, y, z } = toVector(location) ?? NOWHERE
    columns.x[slot] = x
    columns.y[slot] = y
    columns.z[slot] = z
    columns.plays[slot] = bitsOf(protocols, templates)
    columns.takes[slot] = bitsOf(ingestProtocols, ingest_templates)
    columns.gives[slot] = dtsc === null ? 0 : 1
    columns.hash[slot] = hash(node_id)
  }

  #setFigures(slot: number, figures: Figures, at_ms: number): void {
    const { columns } = this
    const closed = closedBy(figures)
    columns.seen_at_ms[slot] = at_ms - figures.age_ms
    columns.healthy[slot] = figures.healthy ? 1 : 0
    columns.closed[slot] = closed === null ? 0 : codes[closed]
    columns.cpu_percent[slot] = figures.cpu_percent ?? Number.NaN
    columns.pending[slot] = figures.pending_bytes_per_second
  }

  /** Works out what a host's load is worth, and how much it has left, with all who are under way to it. */
  #weigh(slot: number): void {
    const { columns, weights } = this
    const host = this.hosts[slot]
    if (host === undefined) return
    const added = this.added(slot)
    const free = freeOf(host.load, added)
    columns.base[slot] = weights.cpu * free.cpu + weights.memory * free.memory + weights.bandwidth * free.bandwidth
    columns.room[slot] = roomOf(host.load, added + host.viewer_bytes_per_second)
  }

  /**
   * Bytes per second that are under way to a host and do not show in its load yet. What this isolate has sent since the
   * cluster was asked stands for what the others have sent in the same time: they see the same picture.
   */
  added(slot: number): number {
    return real(this.columns.pending, slot) + this.#crowd * real(this.columns.own, slot)
  }

  #add(node_id: string): number {
    const slot = this.#free.pop() ?? this.hosts.length
    this.columns.reserve(slot + 1)
    this.columns.own[slot] = 0
    this.hosts[slot] = undefined
    this.#slots.set(node_id, slot)
    return slot
  }

  #remove(node_id: string): void {
    const slot = this.#slots.get(node_id)
    if (slot === undefined) return
    this.#slots.delete(node_id)
    this.hosts[slot] = undefined
    this.columns.seen_at_ms[slot] = Number.NEGATIVE_INFINITY
    this.holders.clear(slot)
    this.#free.push(slot)
  }

  #keepOnly(node_ids: ReadonlySet<string>): void {
    for (const node_id of this.#slots.keys()) if (!node_ids.has(node_id)) this.#remove(node_id)
  }
}

interface Applied {
  derived: { all: Readonly<Record<string, string>>; play: Templates; ingest: IngestTemplates }[]
  names: readonly string[]
  at_ms: number
}

const UNKNOWN: Usage = {
  cpu_percent: null,
  memory_ratio: null,
  egress_bytes_per_second: null,
  limit_bytes_per_second: null,
  viewers: 0,
}

function bitsOf<T extends string>(names: readonly T[], had: Partial<Record<T, string>>): number {
  return names.reduce((bits, name, index) => (had[name] === undefined ? bits : bits | (1 << index)), 0)
}
