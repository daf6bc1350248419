import { z } from 'zod'

const Address = z.union([z.ipv4(), z.ipv6()])
const MAPPED_PREFIX = /^::ffff:(?=\d+\.)/i

/**
 * The address that a request came from: what the outermost of our own proxies wrote to `X-Forwarded-For`, where each
 * proxy adds whom it was called by. What stands before that anybody may have made up. Without a proxy nobody can say.
 */
export function readCallerAddress(forwardedFor: string | undefined, trustedProxies: number): string | undefined {
  if (trustedProxies < 1) return undefined
  const text = forwardedFor?.split(',').at(-trustedProxies)?.trim().replace(MAPPED_PREFIX, '')
  return Address.safeParse(text).data
}
