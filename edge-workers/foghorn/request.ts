import type { Context as HonoContext } from 'hono'
import type { Place } from '../../shared/events/fields.ts'
import type { Ctx, FoghornEnv } from './deps.ts'
import { placeOf } from './play/viewer.ts'

/** Whoever asks, as far as what stands before us tells. */
export interface Caller {
  /** It spreads callers over hosts, binds tokens and counts what is asked; it is kept nowhere. */
  address: string | undefined
  place: Place | null
}

export function callerOf(c: HonoContext<FoghornEnv>): Caller {
  return {
    address: c.var.ctx.address,
    place: placeOf(c.req.raw, c.var.ctx.front),
  }
}

/** The context of a request, with a way to go on after its answer. */
export function ctxOf(c: HonoContext<FoghornEnv>): Ctx {
  return { ...c.var.ctx, defer: (work) => c.executionCtx.waitUntil(work) }
}

/** Whether somebody is on the way who only asks first. */
export function isProbe(c: HonoContext<FoghornEnv>): boolean {
  return c.req.method === 'HEAD'
}

/** The query as it came (`?a=b`), or empty. */
export function searchOf({ req }: HonoContext<FoghornEnv>): string {
  return req.url.includes('?') ? new URL(req.url).search : ''
}
