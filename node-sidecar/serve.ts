import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Hono } from 'hono'
import { Fault } from '../shared/fault.ts'
import { TRIGGERS_PATH } from './mist/http-door.ts'
import type { PeerOf } from './mist/local.ts'

/** How long a request may take to come in whole: MistServer itself waits 5 s for the answer. */
export const REQUEST_TIMEOUT_MS = 10_000
/** How often it is looked whether one has taken longer. */
const TIMEOUT_CHECK_MS = 1_000

export interface Served extends AsyncDisposable {
  port: number
}

interface ServeOptions {
  hostname: string
  /** 0 for any free one. */
  port: number
  /** Answers what is posted below `/triggers/`, instead of the app. */
  triggers?: RequestListener
  requestTimeoutMs?: number
}

/** Serves an app; 409 when the port is taken. Disposing waits for answers under way. */
export async function serve(app: Hono, options: ServeOptions): Promise<Served> {
  const { hostname, port, triggers, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options
  const others = getRequestListener(app.fetch, { hostname })
  const limits = { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs }
  const server = createServer({ ...limits, connectionsCheckingInterval: TIMEOUT_CHECK_MS }, (request, response) => {
    const isTrigger = request.method === 'POST' && request.url?.startsWith(TRIGGERS_PATH)
    return isTrigger && triggers ? triggers(request, response) : others(request, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new Fault('conflict', 'port_taken', `Cannot listen on ${hostname}:${port}.`, { cause })),
    )
    server.listen(port, hostname, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      }),
  }
}

/** The address at the other end of the socket. */
export const peerOf: PeerOf = (c) => getConnInfo(c).remote.address
