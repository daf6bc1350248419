import { connect } from 'node:net'

interface Lookups {
  url: URL
  /** The path of each look-up in turn. */
  paths: readonly string[]
  connections: number
  count: number
}

/** Looks `count` hosts up over keep-alive connections, each with one request at a time; resolves to the latencies in ms. Throws unless every answer is a redirect. */
export async function lookUp({ url, paths, connections, count }: Lookups): Promise<number[]> {
  const latencies: number[] = []
  let next = 0
  const lane = async () => {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
    try {
      const answers = readAnswers(socket)
      while (next < count) {
        const path = paths[next++ % paths.length]
        const started = performance.now()
        socket.write(`GET ${path} HTTP/1.1\r\nhost: ${url.host}\r\n\r\n`)
        const { value: status } = await answers.next()
        if (status !== '307') throw new Error(`${path}: ${status}`)
        latencies.push(performance.now() - started)
      }
    } finally {
      socket.destroy()
    }
  }
  await Promise.all(Array.from({ length: connections }, lane))
  return latencies
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
