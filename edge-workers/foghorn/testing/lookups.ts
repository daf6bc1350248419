import { connect } from 'node:net'
import { z } from 'zod'

/** What a load generator is told to do. */
export const Lookups = z.object({
  url: z.url(),
  /** The path of each look-up in turn. */
  paths: z.array(z.string()),
  /** How many look-ups are under way at a time. */
  lanes: z.number(),
  count: z.number(),
  /** Whether a lane keeps its connection; otherwise each look-up has one of its own. */
  keepAlive: z.boolean(),
})
export type Lookups = z.infer<typeof Lookups>

/** Looks `count` hosts up, each for a viewer of its own; resolves to the latencies in ms. Throws unless every answer is a redirect. */
export async function lookUp({ url, paths, lanes, count, keepAlive }: Lookups): Promise<number[]> {
  const { hostname, port, host } = new URL(url)
  const perConnection = keepAlive ? count : 1
  const latencies: number[] = []
  let next = 0
  /** Looks hosts up over one connection. */
  const connection = async () => {
    const started = performance.now()
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    const answers = readAnswers(socket)
    try {
      for (let asked = 0; asked < perConnection && next < count; asked++) {
        const viewer = next++
        const path = paths[viewer % paths.length]
        // Who has a connection of its own waits for it too.
        const asked_at = keepAlive ? performance.now() : started
        socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n${headersOf(viewer)}\r\n`)
        const { value: status } = await answers.next()
        if (status !== '307') throw new Error(`${path}: ${status}`)
        latencies.push(performance.now() - asked_at)
      }
    } finally {
      socket.destroy()
    }
  }
  const lane = async () => {
    while (next < count) await connection()
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return latencies
}

/** What a front of ours tells of a viewer: an address and a place of its own. */
function headersOf(viewer: number): string {
  const address = `198.18.${(viewer >> 8) % 256}.${viewer % 256}`
  const place = `x-country: NL\r\nx-latitude: ${(viewer % 180) - 90}\r\nx-longitude: ${(viewer % 360) - 180}\r\n`
  return `x-forwarded-for: ${address}\r\n${place}`
}

/** The status of each answer of a connection, whose bodies have a stated length. */
async function* readAnswers(socket: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let text = ''
  for await (const chunk of socket) {
    text += chunk.toString('latin1')
    for (let head = text.indexOf('\r\n\r\n'); head >= 0; head = text.indexOf('\r\n\r\n')) {
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, head + 2))?.[1] ?? 0)
      const end = head + 4 + length
      if (text.length < end) break
      yield text.slice(9, 12)
      text = text.slice(end)
    }
  }
}
