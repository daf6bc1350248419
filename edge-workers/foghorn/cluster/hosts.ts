import type { Heartbeat } from '../../../shared/contract/foghorn.ts'
import { REMOVED_MAX } from './limits.ts'

/** A host's last word, and at which version each part of it became what it is. */
export interface Heard {
  seen_at_ms: number
  heartbeat: Heartbeat
  /** The outputs as text, by which equal ones are found. */
  outputs: string
  profile_version: number
  figures_version: number
  presence_version: number
}

/** The hosts of a cluster, each part of each with a version: what changed since one is found without remembering changes. */
export class Hosts {
  readonly #heard = new Map<string, Heard>()
  /** Forgotten hosts, by the version of it, oldest first. */
  readonly #removed = new Map<string, number>()
  /** The oldest version from which it is known what was forgotten. */
  #known_since = 0
  #version = 0

  get version(): number {
    return this.#version
  }

  get size(): number {
    return this.#heard.size
  }

  get(node_id: string): Heard | undefined {
    return this.#heard.get(node_id)
  }

  entries(): IterableIterator<[string, Heard]> {
    return this.#heard.entries()
  }

  set(node_id: string, heartbeat: Heartbeat, seen_at_ms: number): void {
    const version = ++this.#version
    const last = this.#heard.get(node_id)
    const outputs = JSON.stringify(heartbeat.outputs)
    const sameProfile = last !== undefined && last.outputs === outputs && isSameProfile(last.heartbeat, heartbeat)
    const samePresence = last !== undefined && isSamePresence(last.heartbeat, heartbeat)
    this.#removed.delete(node_id)
    this.#heard.set(node_id, {
      seen_at_ms,
      heartbeat,
      outputs,
      profile_version: sameProfile ? last.profile_version : version,
      figures_version: version,
      presence_version: samePresence ? last.presence_version : version,
    })
  }

  /** Something else about a host changed that its figures are told with. */
  touch(node_id: string): void {
    const heard = this.#heard.get(node_id)
    if (heard !== undefined) heard.figures_version = ++this.#version
  }

  delete(node_id: string): void {
    if (!this.#heard.delete(node_id)) return
    this.#removed.set(node_id, ++this.#version)
    const [oldest] = this.#removed
    if (this.#removed.size <= REMOVED_MAX || oldest === undefined) return
    this.#removed.delete(oldest[0])
    this.#known_since = oldest[1]
  }

  /** The hosts forgotten after a version; null when that is too long ago to know. */
  removedSince(version: number): string[] | null {
    if (version < this.#known_since) return null
    return Array.from(this.#removed).flatMap(([node_id, at]) => (at > version ? [node_id] : []))
  }
}

function isSameProfile(a: Heartbeat, b: Heartbeat): boolean {
  return a.host === b.host && JSON.stringify([a.tags, a.location]) === JSON.stringify([b.tags, b.location])
}

/** The streams that media comes in to, by name, and whether each is a replica. */
function presenceOf({ streams }: Heartbeat): Map<string, boolean> {
  return new Map(streams.flatMap(({ name, inputs, replica }) => (inputs > 0 ? [[name, replica] as const] : [])))
}

function isSamePresence(a: Heartbeat, b: Heartbeat): boolean {
  const [before, after] = [presenceOf(a), presenceOf(b)]
  return before.size === after.size && Array.from(after).every(([name, replica]) => before.get(name) === replica)
}
