import { AsyncLocalStorage } from 'node:async_hooks'
import type { Machine } from './machine.ts'
import type { Entry } from './schedule.ts'

/** Which simulated process the running code belongs to; nothing outside of any. */
const running = new AsyncLocalStorage<Process>()

export function currentProcess(): Process | undefined {
  return running.getStore()
}

interface SystemCall {
  entry: Entry
  /** What the kernel may still do of it when the process is killed meanwhile. */
  effect?: () => unknown
}

/** A program that runs on a machine, until it is killed: then none of its awaits ever goes on. */
export class Process {
  readonly name: string
  readonly machine: Machine
  #alive = true
  readonly #calls = new Set<SystemCall>()
  readonly #mourners = new Set<() => void>()
  #stepsLeft = Number.POSITIVE_INFINITY

  constructor(machine: Machine, name: string) {
    this.machine = machine
    this.name = name
  }

  get alive(): boolean {
    return this.#alive
  }

  run<T>(work: () => T): T {
    return running.run(this, work)
  }

  /** Runs `work` as this process after `ms` of its machine's time. */
  after(ms: number, work: () => void): Entry {
    if (!this.#alive) return { at: 0, turn: 0, run: null }
    const call: SystemCall = {
      entry: this.machine.schedule.after(ms, () => {
        this.#calls.delete(call)
        running.run(this, work)
        this.#step()
      }),
    }
    this.#calls.add(call)
    return call.entry
  }

  /** A system call: resolves with the outcome of `effect` after `ms`. A kill on the way may come before it or after it. */
  call<T>(ms: number, effect: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    if (!this.#alive) return promise
    const finish = () => {
      this.#calls.delete(call)
      try {
        resolve(effect())
      } catch (error) {
        reject(error)
      }
      this.#step()
    }
    const call: SystemCall = { entry: this.machine.schedule.after(ms, finish), effect }
    this.#calls.add(call)
    return promise
  }

  /** Told when the process dies; answers how to be told no more. */
  onDeath(mourn: () => void): () => void {
    this.#mourners.add(mourn)
    return () => this.#mourners.delete(mourn)
  }

  /** Told when a signal aborts while the process lives; answers how to be told no more, as signals keep their listeners. */
  onAbort(signal: AbortSignal, tell: () => void): () => void {
    const forget = () => {
      signal.removeEventListener('abort', tell)
      spare()
    }
    const spare = this.onDeath(() => signal.removeEventListener('abort', tell))
    signal.addEventListener('abort', tell, { once: true })
    return forget
  }

  /** Kills it at an await of its own: after so many more of its steps. */
  killAfter(steps: number): void {
    this.#stepsLeft = steps
  }

  kill(): void {
    if (!this.#alive) return
    this.#alive = false
    const { random } = this.machine
    for (const { entry, effect } of this.#calls) {
      entry.run = null
      if (effect !== undefined && random.chance(0.5)) tryTo(effect)
    }
    this.#calls.clear()
    this.machine.release(this)
    for (const mourn of this.#mourners) mourn()
    this.#mourners.clear()
  }

  /** Counts a step, and dies when it was the last one. */
  #step(): void {
    this.#stepsLeft -= 1
    // What the step set off runs first: a process dies while it waits, not before it could begin.
    if (this.#stepsLeft <= 0) this.machine.schedule.after(0, () => this.kill())
  }
}

function tryTo(effect: () => unknown): void {
  try {
    effect()
  } catch {
    // It failed, and nobody is left to hear of it.
  }
}
