import { connect } from 'node:net'
import { createWebSocketStream, WebSocketServer } from 'ws'

export interface PostgresProxy extends AsyncDisposable {
  /** `host:port` for the driver's `wsProxy`. */
  address: string
}

/**
 * Lets Neon's WebSocket driver reach a plain Postgres on this machine: each socket is one TCP connection to `target`.
 * It connects nowhere else, whatever address the driver asks for.
 */
export async function startPostgresProxy(target: { host: string; port: number }, port = 0): Promise<PostgresProxy> {
  const server = new WebSocketServer({ host: '127.0.0.1', port })
  server.on('connection', (socket) => {
    const upstream = connect({ ...target, noDelay: true })
    const stream = createWebSocketStream(socket)
    stream.pipe(upstream).pipe(stream)
    stream.on('error', () => upstream.destroy())
    upstream.on('error', () => socket.terminate())
    upstream.on('close', () => socket.close())
    socket.on('close', () => upstream.destroy())
  })
  await new Promise<void>((resolve, reject) => server.once('listening', resolve).once('error', reject))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    address: `127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: () => {
      for (const client of server.clients) client.terminate()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
