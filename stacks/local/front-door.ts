import { type Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { proxy } from 'hono/proxy'
import { requestId } from 'hono/request-id'
import { Fault } from '../../shared/fault.ts'
import { toProblemResponse } from '../../shared/http/problem.ts'
import { type RoutedService, routeOf } from '../routes.ts'
import { createInbox } from './inbox.ts'

/** What each service also shows under its own name: `/commodore/docs`, `/decklog/health`, … */
const OPERATIONS = new Set(['openapi.json', 'docs', 'health'])

/** Longer than any service takes; who is later than this hangs. */
const UPSTREAM_TIMEOUT_MS = 15_000

type Origins = Record<RoutedService, string>

interface FrontDoorOptions {
  timeoutMs?: number
  /** Mails that nobody sends, shown at `/inbox`. */
  mailFolder?: string
}

/** One origin for all services, as the router is in the cloud. `origins` are the services' own base URLs. */
export function createFrontDoor(origins: Origins, options: FrontDoorOptions = {}) {
  const { timeoutMs = UPSTREAM_TIMEOUT_MS, mailFolder } = options
  const app = new Hono()
  app.use(requestId())
  app.use(async (c, next) => {
    requireCarriable(c)
    await next()
  })
  app.get('/health', (c) => c.json({ status: 'ok' }))
  if (mailFolder !== undefined) app.route('/inbox', createInbox(mailFolder))
  app.get('/:service/:page', async (c, next) => {
    const { service, page } = c.req.param()
    if (!isRouted(service, origins) || !OPERATIONS.has(page)) return next()
    return forward(c, `${origins[service]}/${page}`, timeoutMs)
  })
  app.all('*', async (c) => {
    const { pathname, search } = new URL(c.req.url)
    const service = routeOf(c.req.method, pathname)
    if (!service) throw new Fault('not_found', 'no_such_route', 'No such route.')
    return forward(c, `${origins[service]}${pathname}${search}`, timeoutMs)
  })
  app.onError((error, c) => toProblemResponse(faultOf(error), c.var.requestId))
  return app
}

function isRouted(name: string, origins: Origins): name is RoutedService {
  return Object.hasOwn(origins, name)
}

/** Refuses what HTTP clients cannot pass on, before they say so in words of their own. */
function requireCarriable(c: Context): void {
  if (c.req.method === 'TRACE') throw new Fault('method_not_allowed', 'method_not_allowed', 'TRACE is not answered.')
  if (/\bwebsocket\b/i.test(c.req.header('upgrade') ?? '')) {
    throw new Fault('invalid', 'websocket_unsupported', 'Nothing here speaks WebSocket.')
  }
}

/** Streams the request on and the answer back, under one request id; a caller who leaves ends both. */
function forward(c: Context, target: string, timeoutMs: number): Promise<Response> {
  const late = AbortSignal.timeout(timeoutMs)
  return proxy(target, {
    raw: c.req.raw,
    redirect: 'manual',
    strictConnectionProcessing: true,
    customFetch: (request) => {
      // Between the caller and this server, who has answered it already.
      request.headers.delete('expect')
      request.headers.set('x-request-id', c.var.requestId)
      return fetch(request, { signal: AbortSignal.any([request.signal, late]) })
    },
  })
}

function faultOf(error: Error): Fault {
  if (error instanceof Fault) return error
  if (error instanceof HTTPException) return new Fault('invalid', 'malformed_request', error.message)
  const [reason, message] =
    error.name === 'TimeoutError'
      ? ['service_late', 'The service did not answer in time.']
      : ['service_unreachable', 'The service does not answer now.']
  return new Fault('unavailable', reason, message, { cause: error })
}
