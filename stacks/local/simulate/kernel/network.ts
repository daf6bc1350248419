import type { Machine } from './machine.ts'
import type { Process } from './process.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'

/** How two machines reach each other at the moment. */
export interface Link {
  /** Nothing comes through and nobody is told: a partition, or a peer that accepts and never answers. */
  cut: boolean
  /** Added to each way, ms. */
  slowMs: number
  /** Share of calls whose connection is reset, before the work or after it. */
  resetShare: number
}

interface Instance {
  process: Process
  service: unknown
}

const HOP_MS_MIN = 0.1
const HOP_MS_MAX = 3

/** Calls between processes: late, reset, lost, or done although the caller hears nothing of it. */
export class Network {
  readonly #schedule: Schedule
  readonly #random: Random
  readonly #links = new Map<string, Link>()
  readonly #instances = new Map<string, Instance[]>()

  constructor(schedule: Schedule, random: Random) {
    this.#schedule = schedule
    this.#random = random
  }

  link(a: Machine, b: Machine): Link {
    const key = [a.name, b.name].sort().join(' ')
    const link = this.#links.get(key) ?? { cut: false, slowMs: 0, resetShare: 0 }
    this.#links.set(key, link)
    return link
  }

  get links(): Link[] {
    return [...this.#links.values()]
  }

  /** Makes a process answer under a name, beside others of that name, until it dies. */
  serve(name: string, process: Process, service: unknown): void {
    const list = this.#instances.get(name) ?? []
    this.#instances.set(name, list)
    const instance = { process, service }
    list.push(instance)
    process.onDeath(() => list.splice(list.indexOf(instance), 1))
  }

  /**
   * Has an instance of a service do `work`. Rejects as `fetch` does when the connection is refused or reset, and with
   * the signal's reason once that aborts; never settles when the link is cut.
   */
  call<Service, T>(
    from: Process,
    name: string,
    work: (service: Service) => Promise<T> | T,
    signal?: AbortSignal | null,
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    if (signal?.aborted) reject(signal.reason)
    const forget = signal ? from.onAbort(signal, () => reject(signal.reason)) : () => undefined
    const deliver = (act: () => void, slowMs = 0) => {
      if (from.alive) from.after(this.#hopMs(slowMs), act)
    }
    const reset = () => deliver(() => reject(unreachable('ECONNRESET')))
    const here = this.#instances.get(name)?.[0]?.process.machine
    const slow = here === undefined ? 0 : this.link(from.machine, here).slowMs

    this.#schedule.after(this.#hopMs(slow), () => {
      const instances = this.#instances.get(name) ?? []
      if (instances.length === 0) return deliver(() => reject(unreachable('ECONNREFUSED')))
      const { process, service } = this.#random.pick(instances)
      const link = this.link(from.machine, process.machine)
      if (link.cut) return
      const [before, after] = [link.resetShare / 2, link.resetShare / 2].map((share) => this.#random.chance(share))
      if (before) return reset()
      const spared = process.onDeath(reset)
      const answer = (act: () => void) => {
        spared()
        if (link.cut) return
        if (after) return reset()
        deliver(act, link.slowMs)
      }
      // The cast holds because a name stands for one kind of service, which its callers name.
      process
        .run(async () => work(service as Service))
        .then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(error)),
        )
    })
    promise.then(forget, forget)
    return promise
  }

  #hopMs(slowMs: number): number {
    return HOP_MS_MIN + this.#random.fraction() * (HOP_MS_MAX - HOP_MS_MIN) + slowMs * this.#random.fraction()
  }
}

function unreachable(code: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })
}
