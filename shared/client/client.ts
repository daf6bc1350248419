import { z } from 'zod'
import type { Endpoint } from '../contract/endpoint.ts'
import { Fault } from '../fault.ts'
import { toRefusal } from './refusal.ts'

export const CALL_TIMEOUT_MS = 3_000

/** Where a service is and how to call it; plain data, shared by all calls. */
export interface Client {
  /** The service's name, for error messages and logs. */
  service: string
  baseUrl: URL
  /** The caller's own token: of the service or node that calls. Absent for endpoints that take none. */
  token?: () => Promise<string>
  timeoutMs?: number
  /** Another way to send a request than the network, e.g. a service binding. */
  fetch?: (request: Request) => Response | Promise<Response>
}

interface CallOptions {
  /** Carried on, so that one id finds the whole way of a request in the logs. */
  requestId?: string
  signal?: AbortSignal
}

/**
 * Calls an endpoint and returns its checked answer. Throws a `Fault`: a refusal that the endpoint declares as it is,
 * `unavailable` (retry) when the service cannot be reached, is late, fails or answers nonsense, and `internal` when it
 * says that the call itself was wrong.
 */
export async function call<Input extends z.ZodType, Output extends z.ZodType>(
  client: Client,
  endpoint: Endpoint<Input, Output>,
  input: z.input<Input>,
  options: CallOptions = {},
): Promise<z.output<Output>> {
  const request = await toRequest(client, endpoint, input, options)
  const response = await send(client, request)
  if (!response.ok) throw await toRefusal(client.service, endpoint, response)
  const answer = endpoint.response.safeParse(await readJson(client, request, response))
  if (answer.success) return answer.data
  throw unavailable(client, 'nonsense', answer.error)
}

const Fields = z.record(z.string(), z.unknown())

async function toRequest(client: Client, endpoint: Endpoint, input: unknown, options: CallOptions): Promise<Request> {
  const fields = { ...Fields.parse(input) }
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = fields[name]
    delete fields[name]
    return encodeURIComponent(String(value))
  })
  const url = new URL(client.baseUrl.href.replace(/\/$/, '') + path)
  const headers = new Headers({ accept: 'application/json' })
  if (client.token) headers.set('authorization', `Bearer ${await client.token()}`)
  if (options.requestId) headers.set('x-request-id', options.requestId)
  const timeout = AbortSignal.timeout(client.timeoutMs ?? CALL_TIMEOUT_MS)
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
  const init = { method: endpoint.method, headers, signal, redirect: 'manual' as const }
  if (endpoint.method === 'GET' || endpoint.method === 'DELETE') {
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    return new Request(url, init)
  }
  headers.set('content-type', 'application/json')
  return new Request(url, { ...init, body: JSON.stringify(fields) })
}

async function send(client: Client, request: Request): Promise<Response> {
  try {
    return await (client.fetch ? client.fetch(request) : fetch(request))
  } catch (cause) {
    throw unavailable(client, request.signal.aborted ? 'late' : 'unreachable', cause)
  }
}

async function readJson(client: Client, request: Request, response: Response): Promise<unknown> {
  if (response.status === 204) return undefined
  try {
    return await response.json()
  } catch (cause) {
    throw unavailable(client, request.signal.aborted ? 'late' : 'nonsense', cause)
  }
}

function unavailable(client: Client, how: 'late' | 'unreachable' | 'nonsense', cause: unknown): Fault {
  const words = { late: 'did not answer in time', unreachable: 'cannot be reached', nonsense: 'gave no valid answer' }
  return new Fault('unavailable', `${client.service}_${how}`, `${client.service} ${words[how]}.`, { cause })
}
