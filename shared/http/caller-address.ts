import { z } from 'zod'

const Address = z.union([z.ipv4(), z.ipv6()])
const MAPPED_PREFIX = /^::ffff:(?=\d+\.)/i

/**
 * Who stands before a service and tells of its callers: so many proxies of ours (0: nobody), or Cloudflare where it runs in
 * a Worker. Whoever else sends such headers may have made them up.
 */
export type Front = number | 'cloudflare'

/** The address that a request came from, where a trusted front tells it. */
export function callerAddressOf(header: (name: string) => string | undefined, front: Front): string | undefined {
  if (front === 'cloudflare') return readAddress(header('cf-connecting-ip'))
  return readCallerAddress(header('x-forwarded-for'), front)
}

/**
 * What the outermost of our own proxies wrote to `X-Forwarded-For`, where each proxy adds whom it was called by. What
 * stands before that anybody may have made up. Without a proxy nobody can say.
 */
export function readCallerAddress(forwardedFor: string | undefined, trustedProxies: number): string | undefined {
  if (trustedProxies < 1) return undefined
  return readAddress(forwardedFor?.split(',').at(-trustedProxies))
}

function readAddress(text: string | undefined): string | undefined {
  // Most requests between services have none, and zod's account of why costs more than all else here.
  if (text === undefined) return undefined
  return Address.safeParse(text.trim().replace(MAPPED_PREFIX, '')).data
}
