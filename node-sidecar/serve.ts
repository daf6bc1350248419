import { serve as serveHono } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Hono } from 'hono'
import { Fault } from '../shared/fault.ts'
import type { PeerOf } from './mist/local.ts'

export interface Served extends AsyncDisposable {
  port: number
}

interface ServeOptions {
  hostname: string
  /** 0 for any free one. */
  port: number
}

/** Serves an app; 409 when the port is taken. Disposing waits for answers under way. */
export async function serve(app: Hono, { hostname, port }: ServeOptions): Promise<Served> {
  const listening = Promise.withResolvers<number>()
  const server = serveHono({ fetch: app.fetch, hostname, port }, (info) => listening.resolve(info.port))
  server.once('error', (cause) =>
    listening.reject(new Fault('conflict', 'port_taken', `Cannot listen on ${hostname}:${port}.`, { cause })),
  )
  return {
    port: await listening.promise,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        if ('closeIdleConnections' in server) server.closeIdleConnections()
      }),
  }
}

/** The address at the other end of the socket. */
export const peerOf: PeerOf = (c) => getConnInfo(c).remote.address
