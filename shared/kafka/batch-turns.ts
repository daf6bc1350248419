import type { BatchHandler, ConsumedRecord, SecondStep } from './event-log.ts'
import { untilDone } from './handle-batch.ts'

/** Commits a batch that is done with; answers false when it is no longer ours to commit. */
type Commit = () => Promise<boolean>

/**
 * Hands batches to a handler, one after the other. Where that leaves a second step, the step and the commit go on while
 * the next batch is handed over: one at a time, in order, and never past one that failed.
 */
export class BatchTurns {
  readonly #handler: BatchHandler
  readonly #onStop: () => void
  #last: Promise<boolean> = Promise.resolve(true)

  /** `onStop` is told at once when a second step, or the commit after it, came to nothing. */
  constructor(handler: BatchHandler, onStop: () => void) {
    this.#handler = handler
    this.#onStop = onStop
  }

  /**
   * Hands a batch over; answers whether the next may follow. It may not when `ended` came before this batch or the one
   * before it was done with, or when that was not ours to commit. Throws what stopped either.
   */
  async take(batch: ConsumedRecord[], commit: Commit, ended: AbortSignal): Promise<boolean> {
    const first = await this.#thenLast(untilDone(() => this.#handler(batch), ended))
    if (!(await this.#last) || !first) return false
    if (!first.result) return commit()
    this.#last = finish(first.result, commit, ended)
    // It is heard of again by whoever asks next.
    this.#last.then((done) => done || this.#onStop(), this.#onStop)
    return true
  }

  /** Resolves once nothing is under way; false, or what stopped it, when the last batch was not committed. */
  settled(): Promise<boolean> {
    return this.#last
  }

  /** A batch that fails lets the one before it end first. */
  async #thenLast<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      await Promise.allSettled([this.#last])
      throw error
    }
  }
}

async function finish(step: SecondStep, commit: Commit, ended: AbortSignal): Promise<boolean> {
  return (await untilDone(step, ended)) !== undefined && commit()
}
