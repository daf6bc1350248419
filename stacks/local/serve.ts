import { serve as serveNode } from '@hono/node-server'
import type { Service } from '../../shared/http/service.ts'

/** Serves a service on a loopback port; disposing it lets open requests finish first. */
export async function serve(service: Pick<Service, 'fetch'>, port: number): Promise<AsyncDisposable> {
  const server = await new Promise<ReturnType<typeof serveNode>>((resolve, reject) => {
    const starting = serveNode({ fetch: (request) => service.fetch(request), hostname: '127.0.0.1', port }, () =>
      resolve(starting),
    )
    starting.once('error', reject)
  })
  return {
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        if ('closeIdleConnections' in server) server.closeIdleConnections()
      }),
  }
}
