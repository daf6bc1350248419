import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { text } from 'node:stream/consumers'

/** Tries of one firing, each on a new connection; only a silent or unreachable handler is tried again. */
export const CALL_ATTEMPTS_MAX = 5
/** How long a blocking call waits for its answer, in time of the wall: handlers do not run faster for a demo. */
export const CALL_ATTEMPT_TIMEOUT_MS = 5_000

export interface Call {
  url: string
  headers: Record<string, string>
  body: string
  sync: boolean
  attempt_timeout_ms: number
  signal: AbortSignal
}

/** A handler's answer; `action` is the raw X-Mist-Trigger-Action. */
export interface Reply {
  ok: boolean
  action: string | undefined
  body: string
}

/** Delivers one firing: the answer of a blocking one, `sent` for one that reads none, undefined when it failed. */
export async function callHandler(call: Call): Promise<Reply | 'sent' | undefined> {
  if (!URL.canParse(call.url) || !/^https?:/.test(call.url)) return undefined
  for (let attempt = 1; attempt <= CALL_ATTEMPTS_MAX; attempt++) {
    call.signal.throwIfAborted()
    try {
      return await tryOnce(call, attempt)
    } catch {
      // Silent or unreachable: the next attempt carries the same UUID.
    }
  }
  return undefined
}

async function tryOnce(call: Call, attempt: number): Promise<Reply | 'sent'> {
  const open = call.url.startsWith('https:') ? requestHttps : requestHttp
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(call.attempt_timeout_ms)])
  const request = open(call.url, { method: 'POST', agent: false, signal, headers: headersOf(call, attempt) })
  const { promise: answered, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.once('response', resolve).once('error', reject)
  if (!call.sync) return sendOnly(request, call.body, answered)
  request.end(call.body)
  const response = await answered
  const status = response.statusCode ?? 0
  const action = response.headers['x-mist-trigger-action']
  return {
    ok: status >= 200 && status < 300,
    action: typeof action === 'string' ? action : undefined,
    body: await text(response),
  }
}

/** Closes the connection as soon as the body is out, whatever the handler is about to say. */
async function sendOnly(request: ReturnType<typeof requestHttp>, body: string, answered: Promise<unknown>) {
  const flushed = new Promise<void>((resolve) => request.end(body, resolve))
  await Promise.race([flushed, answered])
  answered.catch(() => undefined)
  request.destroy()
  return 'sent' as const
}

function headersOf({ headers, body }: Call, attempt: number): Record<string, string> {
  return { ...headers, 'X-Attempt': String(attempt), 'Content-Length': String(Buffer.byteLength(body)) }
}
