import type { AddressInfo } from 'node:net'
import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import type { Hono } from 'hono'

interface Listening {
  port: number
  serve(app: Hono<{ Bindings: HttpBindings }>): void
  close(): Promise<void>
}

/** Opens a port on loopback, 0 for any; requests are answered once `serve` has an app. */
export async function listen(port: number): Promise<Listening> {
  const { promise: ready, resolve: serve } = Promise.withResolvers<Hono<{ Bindings: HttpBindings }>>()
  const server = createAdaptorServer({ fetch: async (request, env) => (await ready).fetch(request, env) })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    serve,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      if ('closeAllConnections' in server) server.closeAllConnections()
      await closed
    },
  }
}
