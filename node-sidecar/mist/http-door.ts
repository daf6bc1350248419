import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Fault } from '../../shared/fault.ts'
import type { Reply } from './answer.ts'
import type { Door } from './door.ts'
import { checkLocal } from './local.ts'

export const TRIGGERS_PATH = '/triggers/'
export const TRIGGER_BYTES_MAX = 1024 * 1024

interface HttpDoorOptions {
  door: Door
  /** Also takes triggers from other machines; their network must be trusted. */
  allowRemote?: boolean
}

/**
 * `POST /triggers/{NAME}` on Node's own HTTP: a web `Request` and `Response` for each call cost more than all that is
 * done for it. A body is read to its end also when it is refused, as else the connection could break before the reply is read.
 */
export function createHttpDoor({ door, allowRemote = false }: HttpDoorOptions): RequestListener {
  return (request, response) => {
    const header = (name: string) => headerOf(request, name)
    const chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.byteLength
      if (length <= TRIGGER_BYTES_MAX) chunks.push(chunk)
      else chunks.length = 0
    })
    request.once('end', async () => {
      try {
        if (!allowRemote) checkLocal(request.socket.remoteAddress, header)
        checkLength(length)
      } catch (error) {
        return send(response, door.refuse(error))
      }
      const [first] = chunks
      const bytes = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
      send(response, await door.take({ path: nameIn(request), header, bytes }))
    })
  }
}

function checkLength(length: number): void {
  if (length <= TRIGGER_BYTES_MAX) return
  throw new Fault('too_large', 'trigger_too_large', `A trigger has at most ${TRIGGER_BYTES_MAX} bytes.`)
}

/** A header that was sent twice is both, as one text. */
function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

function nameIn({ url = '' }: IncomingMessage): string {
  return url.slice(TRIGGERS_PATH.length).split('?', 1)[0] ?? ''
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
}
