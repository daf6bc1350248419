import { Exception } from './exception.ts'

/** Lets `runningMax` pieces of work run at once and `waitingMax` more wait their turn; refuses the rest at once. */
export class Slots {
  readonly #runningMax: number
  readonly #waitingMax: number
  readonly #waiting: (() => void)[] = []
  readonly #idle: (() => void)[] = []
  #running = 0

  constructor(runningMax: number, waitingMax: number) {
    this.#runningMax = runningMax
    this.#waitingMax = waitingMax
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter()
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#runningMax) {
      this.#running += 1
      return
    }
    if (this.#waiting.length >= this.#waitingMax) {
      throw new Exception(
        'TOO_MANY_SIMULTANEOUS_QUERIES',
        `Too many simultaneous queries. Maximum: ${this.#runningMax}`,
      )
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Resolves when nothing runs and nothing waits. */
  async drained(): Promise<void> {
    if (this.#running === 0) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** A waiting one takes the slot over, so that nobody can slip in between. */
  #leave(): void {
    const next = this.#waiting.shift()
    if (next) {
      next()
      return
    }
    this.#running -= 1
    if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }
}
