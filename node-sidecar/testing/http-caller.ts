import { createConnection, type Socket } from 'node:net'

/** Sends HTTP requests that are made already and reads no more of an answer than it must: a client that costs little beside its server. */
export class HttpCaller {
  readonly #port: number
  /** Whether a connection serves for the next request too. */
  readonly #keeps: boolean
  readonly #idle: Socket[] = []

  constructor(port: number, keeps: boolean) {
    this.#port = port
    this.#keeps = keeps
  }

  /** Resolves with the status once the whole answer is there. */
  call(request: Buffer): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const socket = this.#idle.pop() ?? createConnection({ port: this.#port, host: '127.0.0.1', noDelay: true })
    let answer = ''
    const read = (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      if (!isWhole(answer)) return
      socket.removeAllListeners()
      if (this.#keeps) this.#idle.push(socket)
      else socket.destroy()
      resolve(Number(answer.slice(9, 12)))
    }
    socket.on('data', read).once('error', reject)
    socket.once('close', () => reject(new Error('hung up')))
    socket.write(request)
    return promise
  }

  close(): void {
    for (const socket of this.#idle) socket.destroy()
  }
}

function isWhole(answer: string): boolean {
  const head = answer.indexOf('\r\n\r\n')
  if (head === -1) return false
  const length = /content-length: (\d+)/i.exec(answer)?.[1]
  return answer.length === head + 4 + Number(length)
}
