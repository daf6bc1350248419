import { shortenAddress } from '../address.ts'
import { Fault } from '../fault.ts'

/** The span in which calls are counted: Cloudflare knows this one and 10 s. */
export const RATE_PERIOD_SECONDS = 60

/** Cloudflare's binding for rate limits, as far as we use it: takes one call of those that a key has. */
export interface CallLimit {
  limit(options: { key: string }): Promise<{ success: boolean }>
}

/** Lets a call in, or throws. */
export type Admit = (call: { address: string | undefined; path: string }) => Promise<void>

/**
 * Lets in so many calls of an address as `calls` has for it. Paths that begin with one of `exempt` are for services and media
 * hosts, many of which may share an address; who has no known address is not counted either.
 */
export function admitBy(calls: CallLimit | undefined, exempt: readonly string[]): Admit {
  return async ({ address, path }) => {
    if (calls === undefined || address === undefined || exempt.some((start) => path.startsWith(start))) return
    // IPv6 by its /48, which is one customer's.
    const { success } = await calls.limit({ key: address.includes(':') ? shortenAddress(address) : address })
    if (success) return
    const retryAfterSeconds = RATE_PERIOD_SECONDS
    throw new Fault('rate_limited', 'too_many_requests', 'Too many calls from this address.', { retryAfterSeconds })
  }
}
