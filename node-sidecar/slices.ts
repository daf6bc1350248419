import { setTimeout as sleep } from 'node:timers/promises'

/** How many streams or sessions are looked at before triggers have their turn: some 10 ms of work. */
export const SLICE = 250

/** Cuts a long list into parts, between which whatever else is to be done is done. */
export async function* inSlices<T>(items: readonly T[]): AsyncGenerator<T[]> {
  for (let from = 0; from < items.length; from += SLICE) {
    if (from > 0) await sleep(0)
    yield items.slice(from, from + SLICE)
  }
}
