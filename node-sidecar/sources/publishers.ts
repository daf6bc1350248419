import type { Origin } from './origins.ts'

/** How long a publisher who was let in may take until the stream is active; then the polls say whether there is one. */
export const BOOT_MS = 60_000

/** Where a stream is to be sent on to, credentials and all: kept in memory alone. */
export interface PushTarget {
  /** Null for one that came by a command, or was running before Helmsman started. */
  id: string | null
  url: string
}

interface Publication {
  /** MistServer's process for each publisher, and when it was let in (ms of uptime). */
  connectors: Map<number, number>
  /** Whether its tracks have been told of. */
  streaming: boolean
  /** Whether a poll has shown it since its newest publisher came. */
  seen: boolean
  push_targets: readonly PushTarget[]
}

/** The streams whose publisher is on this host: they have their source here, and are sent on from here. */
export class Publishers {
  readonly #streams = new Map<string, Publication>()
  readonly #readOrigins: () => Promise<ReadonlyMap<string, Origin>>
  #learning: Promise<void> | null = null
  #learned = false

  /** `readOrigins` asks MistServer who publishes at this moment: some did before Helmsman was started. */
  constructor(readOrigins: () => Promise<ReadonlyMap<string, Origin>>) {
    this.#readOrigins = readOrigins
  }

  /** Resolves once all are known who published before; rejects while MistServer does not say, and can be called again. */
  async learn(): Promise<void> {
    if (this.#learned) return
    this.#learning ??= this.#readOrigins()
      .then((origins) => this.#take(origins))
      .finally(() => {
        this.#learning = null
      })
    await this.#learning
  }

  /** Notes a publisher who was let in; `pid` is 0 when it is not known. */
  admit(runtime_name: string, pid: number, push_targets: readonly PushTarget[], up_ms: number): void {
    const { connectors = new Map<number, number>(), streaming = false } = this.#streams.get(runtime_name) ?? {}
    connectors.set(pid, up_ms)
    this.#streams.set(runtime_name, { connectors, streaming, seen: false, push_targets })
  }

  /** Notes that a publisher has gone; another of the same stream, who is back already, stays. */
  close(runtime_name: string, pid: number): void {
    const connectors = this.#streams.get(runtime_name)?.connectors
    if (connectors?.delete(pid) && connectors.size === 0) this.#streams.delete(runtime_name)
  }

  /** Notes whether a stream has tracks, as MistServer tells before its statistics show the stream. */
  noteTracks(runtime_name: string, some: boolean): void {
    const known = this.#streams.get(runtime_name)
    if (known !== undefined) known.streaming = some
  }

  /** Streams that are published here and have media. */
  streaming(): string[] {
    return [...this.#streams].flatMap(([name, { streaming }]) => (streaming ? [name] : []))
  }

  /** Changes where a stream is sent on to; false when it is not published here. */
  retarget(runtime_name: string, change: (push_targets: readonly PushTarget[]) => readonly PushTarget[]): boolean {
    const known = this.#streams.get(runtime_name)
    if (known === undefined) return false
    known.push_targets = change(known.push_targets)
    return true
  }

  has(runtime_name: string): boolean {
    return this.#streams.has(runtime_name)
  }

  /** The same once it is known who published before; while MistServer does not say, nobody did. */
  async publishes(runtime_name: string): Promise<boolean> {
    if (!this.has(runtime_name)) await this.learn().catch(() => undefined)
    return this.has(runtime_name)
  }

  /** Whether a stream is known for certain not to be published here. */
  lacks(runtime_name: string): boolean {
    return this.#learned && !this.has(runtime_name)
  }

  /** Where each stream that is published here is to be sent on to, by name. */
  targets(): Map<string, readonly PushTarget[]> {
    return new Map([...this.#streams].map(([name, { push_targets }]) => [name, push_targets]))
  }

  /** Forgets streams that a poll shows no more, or not in time: a notice of an end may get lost. */
  keep(active: ReadonlySet<string>, up_ms: number): void {
    for (const [name, publication] of this.#streams) {
      const newest = Math.max(...publication.connectors.values())
      if (active.has(name)) publication.seen = true
      else if (publication.seen || up_ms - newest >= BOOT_MS) this.#streams.delete(name)
    }
  }

  /** A publisher who came meanwhile knows better. The pushes that run are all that is left of where it was to be sent. */
  #take(origins: ReadonlyMap<string, Origin>): void {
    for (const [name, { live, pids, targets }] of origins) {
      if (this.has(name)) continue
      const connectors = new Map((pids.length > 0 ? pids : [0]).map((pid) => [pid, 0]))
      const push_targets = targets.filter(isSentOn).map((url) => ({ id: null, url }))
      this.#streams.set(name, { connectors, streaming: live, seen: true, push_targets })
    }
    this.#learned = true
  }
}

/** Recordings are pushes to files; they are not ours to keep going. */
function isSentOn(target: string): boolean {
  return /^(rtmps?|srt):\/\//.test(target)
}
