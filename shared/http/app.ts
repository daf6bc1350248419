import { Hono, type Context as HonoContext, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { type RequestIdVariables, requestId } from 'hono/request-id'
import { matchedRoutes, routePath } from 'hono/route'
import { METHOD_NAME_ALL } from 'hono/router'
import { timeout } from 'hono/timeout'
import type { Clock } from '../clock.ts'
import type { Actor, Context } from '../context.ts'
import { Fault, toFault } from '../fault.ts'
import type { Log } from '../log.ts'
import type { Authenticate } from './authenticate.ts'
import { requireReadableBody } from './body.ts'
import { callerAddressOf, type Front } from './caller-address.ts'
import { toProblemResponse } from './problem.ts'
import type { Admit } from './rate-limit.ts'

export const BODY_BYTES_MAX = 1024 * 1024
export const REQUEST_TIMEOUT_MS = 10_000

/** A route that machines ask all the time says so: a log of its good answers would hide the rest. */
export interface Quiet {
  quiet?: boolean
}

/** What routes find in `c.var`: the context of this request, with the service's own dependencies in it. */
export interface Env<Deps extends object> {
  Variables: RequestIdVariables & { ctx: Context & Deps } & Quiet
}

/** Told of each answered request; `route` is the pattern, not the path, so that their number is bounded. */
export type Observe = (answered: { method: string; route: string; status: number; took_ms: number }) => void

export interface AppOptions<Deps extends object> {
  log: Log
  clock: Clock
  authenticate: Authenticate
  /** The service's own dependencies, spread into each request's context. */
  deps: Deps
  bodyBytesMax?: number
  requestTimeoutMs?: number
  /** Who stands before the service; by default nobody, and callers' addresses are not known. */
  trustedProxies?: Front
  /** By path, what lets pages of other origins ask: they read refusals too, so it stands before all that refuses. */
  pages?: Readonly<Record<string, MiddlewareHandler>>
  /** Asked before anything is done for a caller. */
  admit?: Admit
  observe?: Observe
}

/** A service's app with everything that all of them share: ids, limits, identity, one log line and one error form. */
export function createApp<Deps extends object>(options: AppOptions<Deps>): Hono<Env<Deps>> {
  const { log, clock, deps, bodyBytesMax = BODY_BYTES_MAX, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options
  const app = new Hono<Env<Deps>>()
  app.use(requestId())
  app.use(async (c, next) => {
    const started = performance.now()
    const ctx = { ...deps, actor: anonymous, now: clock, log: log.with({ request_id: c.var.requestId }) }
    const address = callerAddressOf((name) => c.req.header(name), options.trustedProxies ?? 0)
    c.set('ctx', { ...ctx, request_id: c.var.requestId, ...(address !== undefined && { address }) })
    await next()
    const answered = { method: c.req.method, route: routeOf(c), status: c.res.status }
    const took_ms = performance.now() - started
    options.observe?.({ ...answered, took_ms })
    const line = { ...answered, took_ms: Math.round(took_ms) }
    if (c.var.quiet && answered.status < 400) c.var.ctx.log.debug('answered', line)
    else c.var.ctx.log.info('answered', line)
  })
  for (const [path, open] of Object.entries(options.pages ?? {})) app.use(path, open)
  const { admit } = options
  if (admit) {
    app.use(async (c, next) => {
      await admit({ address: c.var.ctx.address, path: c.req.path })
      await next()
    })
  }
  // First, so that a body which trickles in is late too.
  app.use(timeout(requestTimeoutMs, () => new HTTPException(408, { message: 'The request took too long.' })))
  app.use(
    bodyLimit({
      maxSize: bodyBytesMax,
      onError: () => {
        throw new Fault('too_large', 'body_too_large', `The body may have at most ${bodyBytesMax} bytes.`)
      },
    }),
  )
  app.use(async (c, next) => {
    const actor = await options.authenticate(c.req.header('authorization'))
    c.set('ctx', { ...c.var.ctx, actor, log: c.var.ctx.log.with(tagsOf(actor)) })
    await next()
  })
  app.use(requireReadableBody)
  app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }))
  app.notFound((c) => toProblemResponse(new Fault('not_found', 'no_such_route', 'No such route.'), c.var.requestId))
  app.onError((error, c) => {
    const fault = error instanceof HTTPException ? fromHttpException(error) : toFault(error)
    const line = { code: fault.reason, detail: fault.message }
    // A caller's mistake is a warning with its reason; ours is an error with its cause.
    if (fault.status < 500) c.var.ctx.log.warn('refused', line)
    else c.var.ctx.log.error('failed', { ...line, error: fault.cause ?? fault })
    return toProblemResponse(fault, c.var.requestId)
  })
  return app
}

/** The pattern that answers: the first one that matches; what is of all methods is middleware. */
function routeOf(c: HonoContext): string {
  const answering = matchedRoutes(c).find(({ method }) => method !== METHOD_NAME_ALL)
  return answering?.path ?? routePath(c, -1)
}

const anonymous: Actor = { kind: 'anonymous' }

function tagsOf(actor: Actor): Record<string, string> {
  if (actor.kind === 'user' || actor.kind === 'api_token') return { tenant_id: actor.tenant_id }
  if (actor.kind === 'node') return { node_id: actor.node_id }
  return actor.kind === 'service' ? { caller: actor.service } : {}
}

function refuseMethod(c: { var: RequestIdVariables }, methods: readonly string[]): Response {
  const fault = new Fault('method_not_allowed', 'method_not_allowed', 'The path is there, but not for this method.')
  const response = toProblemResponse(fault, c.var.requestId)
  response.headers.set('allow', methods.join(', '))
  return response
}

function fromHttpException(error: HTTPException): Fault {
  if (error.status === 408) return new Fault('timeout', 'request_timeout', error.message)
  if (error.status === 413) return new Fault('too_large', 'body_too_large', 'The body is too large.')
  return new Fault('invalid', 'malformed_request', error.message || 'The request cannot be read.')
}
