import { LRUCache } from 'lru-cache'
import { shortenAddress } from '../../../shared/address.ts'
import type { Clock } from '../../../shared/clock.ts'

/** What one address may ask: so many at once, and one more each second. */
export const ALLOWANCE_BURST = 10
export const ALLOWANCE_REFILL_MS = 1_000
/** Addresses that an isolate counts; beyond them the one that was longest quiet starts anew. */
export const ALLOWANCE_ADDRESSES_MAX = 50_000

/** How often each address may ask about stream keys, in this isolate: one who guesses is slow, and costs Commodore little. */
export interface Allowance {
  /** Takes one; returns 0, or the whole seconds until there is one. */
  take(address: string): number
}

export function createAllowance(clock: Clock): Allowance {
  /** By address: when all that it took will have come back. */
  const fullAt = new LRUCache<string, number>({ max: ALLOWANCE_ADDRESSES_MAX })
  return {
    take: (address) => {
      const now = clock().getTime()
      // IPv6 by its /48, which is one customer's.
      const subject = address.includes(':') ? shortenAddress(address) : address
      const next = Math.max(fullAt.get(subject) ?? 0, now) + ALLOWANCE_REFILL_MS
      const over_ms = next - now - ALLOWANCE_BURST * ALLOWANCE_REFILL_MS
      if (over_ms > 0) return Math.ceil(over_ms / 1_000)
      fullAt.set(subject, next)
      return 0
    },
  }
}
