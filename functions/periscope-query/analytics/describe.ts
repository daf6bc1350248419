import type { MiddlewareHandler } from 'hono'
import { etag } from 'hono/etag'
import type { z } from 'zod'
import { operation } from '../../../shared/http/route.ts'

/** Documents a question of a tenant that JSON, CSV or NDJSON answers. */
export function describe(summary: string, schema: z.ZodType, description?: string) {
  return operation({
    summary,
    ...(description !== undefined && { description }),
    auth: 'tenant',
    ok: { schema, rows: true, also: 304 },
    faults: ['not_found', 'unprocessable', 'timeout', 'unavailable'],
  })
}

const tagged = etag()

/** Tells the answer by its content, so that a dashboard fetches what changed; streamed rows have none, as nobody holds them whole. */
export const revalidated: MiddlewareHandler = async (c, next) => {
  if (c.req.query('format') !== undefined && c.req.query('format') !== 'json') return next()
  return tagged(c, async () => {
    await next()
    if (c.res.ok) c.res.headers.set('cache-control', 'private, no-cache')
  })
}
