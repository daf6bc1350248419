import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { LookupFunction, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type AddressKind, classifyAddress } from '../../../shared/addresses/address-kind.ts'
import { classifyHost } from '../../../shared/addresses/host.ts'
import type { Resolve } from '../../../shared/addresses/look-up.ts'
import { WEBHOOK_URL_LENGTH_MAX } from '../../../shared/contract/webhooks.ts'
import { Fault } from '../../../shared/fault.ts'

/** From the look-up of the name to the last byte of the answer. */
export const POST_TIMEOUT_MS = 15_000
/** More of an answer is not read; only its status matters. */
export const ANSWER_BYTES_MAX = 64 * 1024

export interface PostOptions {
  /** For a machine on which receivers are developed: plain HTTP to loopback too. */
  allowLoopback: boolean
  resolve: Resolve
  timeoutMs?: number
}

/** The URL of an endpoint as far as its text tells that it may be one; throws a 400 otherwise. */
export function requireTarget(text: string, allowLoopback: boolean): URL {
  const url = URL.canParse(text) && text.length <= WEBHOOK_URL_LENGTH_MAX ? new URL(text) : undefined
  if (!url) throw refused('is not a URL')
  if (url.username || url.password) throw refused('holds credentials')
  if (url.hash) throw refused('has a fragment')
  const kind = classifyHost(url.hostname)
  const isLocal = kind === 'loopback' || url.hostname === 'localhost'
  if (allowLoopback && isLocal && (url.protocol === 'http:' || url.protocol === 'https:')) return url
  if (url.protocol !== 'https:') throw refused('is not https')
  if (kind !== 'public' && kind !== 'name') throw refused('leads to no public host')
  return url
}

function refused(detail: string): Fault {
  return new Fault('invalid', 'invalid_input', `/url: ${detail}`, { errors: [{ pointer: '/url', detail }] })
}

/**
 * Posts JSON and returns the answer's status. The host's name is looked up once, every address must be public, and the
 * connection goes to one of these very addresses, so that a name that changes its mind leads nowhere else. Redirects are
 * not followed. Throws a `Fault` with a stable reason when there was no answer.
 */
export async function post(
  url: URL,
  { body, headers }: { body: string; headers: Record<string, string> },
  options: PostOptions,
): Promise<number> {
  const signal = AbortSignal.timeout(options.timeoutMs ?? POST_TIMEOUT_MS)
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  try {
    const addresses = await Promise.race([addressesOf(url, options), late])
    return await Promise.race([send(url, { body, headers, addresses, signal }), late])
  } catch (error) {
    if (error instanceof Fault) throw error
    const reason = signal.aborted ? 'webhook_late' : 'webhook_unreachable'
    throw new Fault('unavailable', reason, 'The endpoint gave no answer.', { cause: error })
  }
}

async function addressesOf(url: URL, { resolve, allowLoopback }: PostOptions): Promise<string[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const addresses = classifyAddress(host) ? [host] : await resolve(host)
  const allowed: readonly (AddressKind | undefined)[] = allowLoopback ? ['public', 'loopback'] : ['public']
  // One bad address among good ones is how a name is made to lead inside at the second look.
  if (addresses.length > 0 && addresses.every((address) => allowed.includes(classifyAddress(address)))) return addresses
  throw new Fault('unavailable', 'webhook_address_refused', 'The host has an address that is not public.')
}

interface Sending {
  body: string
  headers: Record<string, string>
  addresses: readonly string[]
  signal: AbortSignal
}

function send(url: URL, { body, headers, addresses, signal }: Sending): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const secure = url.protocol === 'https:'
  // A connection of its own: none is kept for a look-up of another time.
  const agent = secure ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false })
  const request = (secure ? requestHttps : requestHttp)(url, {
    method: 'POST',
    headers: { ...headers, 'content-length': String(new TextEncoder().encode(body).byteLength) },
    lookup: toLookup(addresses),
    agent,
    signal,
  })
  let socket: Socket | undefined
  request.once('socket', (used) => {
    socket = used
  })
  request.once('response', (response) => read(response).then(resolve, reject))
  request.once('error', (error) => reject(isDistrusted(socket) ? distrusted(error) : error))
  request.end(body)
  return promise.finally(() => {
    request.destroy()
    agent.destroy()
  })
}

/** Whether the certificate is not one of the host in the URL, by an authority that we know, in its time. */
function isDistrusted(socket: Socket | undefined): boolean {
  return socket instanceof TLSSocket && Boolean(socket.authorizationError)
}

function distrusted(cause: Error): Fault {
  return new Fault('unavailable', 'webhook_certificate_refused', 'The certificate of the host is not good.', { cause })
}

/** Answers the connection's own look-up with what was looked at before. */
function toLookup(addresses: readonly string[]): LookupFunction {
  const known = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  return (_name, options, callback) => {
    const [first] = known
    if (options.all) callback(null, known)
    else callback(null, first?.address ?? '', first?.family)
  }
}

/** The status, once the answer has ended or was longer than anybody needs. */
async function read(response: IncomingMessage): Promise<number> {
  let bytes = 0
  for await (const chunk of response) {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) break
  }
  return response.statusCode ?? 0
}
