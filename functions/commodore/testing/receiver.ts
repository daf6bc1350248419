import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Received {
  headers: IncomingHttpHeaders
  body: string
}

/** A tenant's own server, on loopback, that takes webhooks and answers as the test says. */
export interface Receiver extends AsyncDisposable {
  port: number
  received: Received[]
  answer: { status: number; headers?: Record<string, string>; bytes?: number; never?: boolean }
}

export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: await text(request) })
    const { status, headers, bytes = 0, never } = receiver.answer
    if (never) return
    response.on('error', () => undefined)
    response.writeHead(status, headers)
    response.end('x'.repeat(bytes))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const receiver: Receiver = {
    port: (server.address() as AddressInfo).port,
    received,
    answer: { status: 204 },
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  return receiver
}
