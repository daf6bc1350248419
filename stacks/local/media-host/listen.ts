import type { AddressInfo } from 'node:net'
import { createAdaptorServer, type Http2Bindings, type HttpBindings } from '@hono/node-server'

interface App {
  fetch(request: Request, env: HttpBindings | Http2Bindings): Response | Promise<Response>
}

interface Listening extends AsyncDisposable {
  port: number
  serve(app: App): void
}

/** Opens a port on loopback, 0 for any; requests are answered once `serve` has an app. */
export async function listen(port: number): Promise<Listening> {
  const { promise: ready, resolve: serve } = Promise.withResolvers<App>()
  const server = createAdaptorServer({ fetch: async (request, env) => (await ready).fetch(request, env) })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    serve,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      if ('closeAllConnections' in server) server.closeAllConnections()
      await closed
    },
  }
}
