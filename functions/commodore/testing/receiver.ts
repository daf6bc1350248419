import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Certificate } from './certificates.ts'

const TRICKLE_MS = 5

export interface Received {
  headers: IncomingHttpHeaders
  body: string
}

/** A tenant's own server, on loopback, that takes webhooks and answers as the test says. */
export interface Receiver extends AsyncDisposable {
  port: number
  received: Received[]
  /** The names that callers asked for as their connections began; of a server with a certificate. */
  asked: (string | false | null)[]
  /** `never` says nothing at all; `trickles` goes on with a byte now and then, without end. */
  answer: { status: number; headers?: Record<string, string>; bytes?: number; never?: boolean; trickles?: boolean }
}

/** Over TLS, where it has a certificate. */
export async function openReceiver(certificate?: Certificate): Promise<Receiver> {
  const received: Received[] = []
  const asked: Receiver['asked'] = []
  const listen: RequestListener = async (request, response) => {
    received.push({ headers: request.headers, body: await text(request) })
    const { status, headers, bytes = 0, never, trickles } = receiver.answer
    if (never) return
    response.on('error', () => undefined)
    response.writeHead(status, headers)
    if (!trickles) {
      response.end('x'.repeat(bytes))
      return
    }
    const timer = setInterval(() => response.write('x'), TRICKLE_MS)
    response.once('close', () => clearInterval(timer))
  }
  const secure = certificate && createSecureServer(certificate, listen)
  secure?.on('secureConnection', (socket) => asked.push(socket.servername))
  // A caller who does not like the certificate hangs up.
  secure?.on('tlsClientError', () => undefined)
  const server = secure ?? createServer(listen)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const receiver: Receiver = {
    port: (server.address() as AddressInfo).port,
    received,
    asked,
    answer: { status: 204 },
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  return receiver
}
