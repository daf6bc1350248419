import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'

const MAX_AGE_SECONDS = 600

interface Allowed {
  allowMethods: string[]
  allowHeaders?: string[]
  exposeHeaders: string[]
}

/**
 * Lets pages of any origin ask. Hono's own middleware begins an answer to put its headers on, and the one that is made later
 * is copied into it; here it speaks only to pages that ask first.
 */
export function ofAnyOrigin({ exposeHeaders, ...allowed }: Allowed): MiddlewareHandler {
  const preflight = cors({ origin: '*', exposeHeaders, maxAge: MAX_AGE_SECONDS, ...allowed })
  const exposed = exposeHeaders.join(',')
  return async (c, next) => {
    if (c.req.method === 'OPTIONS') return preflight(c, next)
    await next()
    c.res.headers.set('access-control-allow-origin', '*')
    c.res.headers.set('access-control-expose-headers', exposed)
  }
}
