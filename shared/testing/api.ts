import type { z } from 'zod'
import { Problem } from '../http/problem.ts'

/** Anything that answers requests: a service, a Hono app. */
export interface Door {
  fetch(request: Request): Response | Promise<Response>
}

export interface Call {
  token?: string | undefined
  body?: unknown
  headers?: Record<string, string>
}

/** Sends one JSON request, `POST /streams` say, and returns the answer. */
export async function send(door: Door, line: string, { token, body, headers = {} }: Call = {}): Promise<Response> {
  const [method = '', path = ''] = line.split(' ', 2)
  const request = new Request(new URL(path, 'http://service.test'), {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return door.fetch(request)
}

/** The answer's JSON when it is the `schema` that was promised; fails the test with the problem otherwise. */
export async function receive<S extends z.ZodType>(schema: S, answer: Promise<Response>): Promise<z.output<S>> {
  const response = await answer
  const content: unknown = await response.json()
  if (response.ok) return schema.parse(content)
  throw new Error(`${response.status} ${JSON.stringify(content)}`)
}

/** Status and code of a refusal, `404 stream_not_found` say; for other answers the status alone. */
export async function refusal(answer: Promise<Response>): Promise<string> {
  const response = await answer
  if (response.ok) return String(response.status)
  const { status, code } = Problem.parse(await response.json())
  return `${status} ${code}`
}
