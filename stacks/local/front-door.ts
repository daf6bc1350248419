import { Hono } from 'hono'
import { proxy } from 'hono/proxy'
import { Fault } from '../../shared/fault.ts'
import { toProblemResponse } from '../../shared/http/problem.ts'
import { type RoutedService, routeOf } from '../routes.ts'

/** What each service also shows under its own name: `/commodore/docs`, `/decklog/health`, … */
const OPERATIONS = new Set(['openapi.json', 'docs', 'health'])

/** One origin for all services, as the router is in the cloud. `origins` are the services' own base URLs. */
export function createFrontDoor(origins: Record<RoutedService, string>) {
  const app = new Hono()
  app.get('/health', (c) => c.json({ status: 'ok' }))
  app.get('/:service/:page', async (c, next) => {
    const { service, page } = c.req.param()
    const origin = isRouted(service, origins) ? origins[service] : undefined
    if (!origin || !OPERATIONS.has(page)) return next()
    return proxy(`${origin}/${page}`, c.req)
  })
  app.all('*', async (c) => {
    const { pathname, search } = new URL(c.req.url)
    const service = routeOf(pathname)
    if (!service) return toProblemResponse(new Fault('not_found', 'no_such_route', 'No such route.'), '')
    return proxy(`${origins[service]}${pathname}${search}`, { ...c.req, redirect: 'manual' })
  })
  app.onError((cause) => {
    const fault = new Fault('unavailable', 'service_unreachable', 'The service does not answer now.', { cause })
    return toProblemResponse(fault, '')
  })
  return app
}

function isRouted(name: string, origins: Record<RoutedService, string>): name is RoutedService {
  return name in origins
}
