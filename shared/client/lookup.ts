import { LRUCache } from 'lru-cache'
import type { Clock } from '../clock.ts'

/** For facts that never change once they are, such as an owner: a found one is kept, an unknown key may be created at any moment. */
export const FOUND_MS = 5 * 60_000
export const UNKNOWN_MS = 5_000
export const ENTRIES_MAX = 50_000

/** Finds many keys at once; a key that is missing in the answer is unknown. */
export type Lookup<V> = (keys: readonly string[]) => Promise<Map<string, V>>

interface LookupOptions<V extends object> {
  clock: Clock
  /** Most keys that one call of `fetch` may ask for. */
  keysMax: number
  fetch: Lookup<V>
}

/** A bounded cache before a look-up that answers for many keys at once, unknown ones included. */
export function createLookup<V extends object>({ clock, keysMax, fetch }: LookupOptions<V>): Lookup<V> {
  const cache = new LRUCache<string, { value: V | undefined }>({
    max: ENTRIES_MAX,
    perf: { now: () => clock().getTime() },
    // By default the library remembers the time for a real millisecond, whatever the clock says.
    ttlResolution: 0,
  })
  return async (keys) => {
    const found = new Map<string, V>()
    const missing: string[] = []
    for (const key of new Set(keys)) {
      const entry = cache.get(key)
      if (!entry) missing.push(key)
      if (entry?.value) found.set(key, entry.value)
    }
    for (let at = 0; at < missing.length; at += keysMax) {
      const asked = missing.slice(at, at + keysMax)
      const answer = await fetch(asked)
      for (const key of asked) {
        const value = answer.get(key)
        if (value) found.set(key, value)
        cache.set(key, { value }, { ttl: value ? FOUND_MS : UNKNOWN_MS })
      }
    }
    return found
  }
}
