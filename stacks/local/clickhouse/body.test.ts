import { once } from 'node:events'
import { createServer } from 'node:http'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readBytes } from './body.ts'

const BYTES_MAX = 1_000

/** What `readBytes` makes of a request with this body. */
async function receive(body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<string> {
  const received = Promise.withResolvers<string>()
  const server = createServer((request, response) => {
    const read = readBytes(request, BYTES_MAX).finally(() => response.end())
    received.resolve(read.then(String))
  })
  try {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    // A refused body may cut the connection before all of it is sent.
    const sent = fetch(`http://127.0.0.1:${port}`, { method: 'POST', body, headers }).catch(() => undefined)
    return await received.promise.finally(() => sent)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const xs = (count: number) => new Uint8Array(Buffer.from('x'.repeat(count)))

test('a body may be as large as its limit and no larger', async () => {
  expect(await receive(xs(BYTES_MAX))).toHaveLength(BYTES_MAX)
  await expect(receive(xs(BYTES_MAX + 1))).rejects.toThrow('(QUERY_IS_TOO_LARGE)')
})

test('the limit counts what a compressed body becomes', async () => {
  const headers = { 'Content-Encoding': 'gzip' }
  expect(await receive(new Uint8Array(gzipSync(xs(BYTES_MAX))), headers)).toHaveLength(BYTES_MAX)
  await expect(receive(new Uint8Array(gzipSync(xs(10_000_000))), headers)).rejects.toThrow('(QUERY_IS_TOO_LARGE)')
})
