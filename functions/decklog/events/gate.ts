import { Fault } from '../../../shared/fault.ts'

/** Events and bytes that may be between their arrival and the log's acknowledgement before callers are sent away. */
export const IN_FLIGHT_EVENTS_MAX = 50_000
export const IN_FLIGHT_BYTES_MAX = 64 * 1024 * 1024
export const BUSY_RETRY_SECONDS = 1

/** Bounds what is in flight; who finds it full is told when to come back. */
export class Gate {
  #events = 0
  #bytes = 0

  /** Lets a batch in, or throws `too_many_in_flight`; dispose the result when the batch is done. */
  enter(events: number, bytes: number): Disposable {
    if (this.#events + events > IN_FLIGHT_EVENTS_MAX || this.#bytes + bytes > IN_FLIGHT_BYTES_MAX) {
      throw new Fault('rate_limited', 'too_many_in_flight', 'Too many events wait for the log; send them again.', {
        retryAfterSeconds: BUSY_RETRY_SECONDS,
      })
    }
    this.#events += events
    this.#bytes += bytes
    return {
      [Symbol.dispose]: () => {
        this.#events -= events
        this.#bytes -= bytes
      },
    }
  }
}
