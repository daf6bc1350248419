/** Keeps work of a request going after its answer, as a Worker's `waitUntil` does. */
export type Defer = (work: Promise<unknown>) => void

/** Callers that want the same thing at the same time share one attempt at it. */
export interface Flights<T> {
  run(key: string, defer: Defer, attempt: () => Promise<T>): Promise<T>
}

export function createFlights<T>(): Flights<T> {
  const open = new Map<string, Promise<T>>()
  return {
    run: (key, defer, attempt) => {
      const joined = open.get(key)
      if (joined) return joined
      const flight = attempt().finally(() => open.delete(key))
      open.set(key, flight)
      // A Worker ends with its viewer; others may wait for what this one began.
      defer(flight.catch(() => undefined))
      return flight
    },
  }
}
