import { serve } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { endpoint } from '../contract/endpoint.ts'
import { Fault } from '../fault.ts'
import { toProblemResponse } from '../http/problem.ts'
import { freePort } from '../testing/port.ts'
import { type Client, call } from './client.ts'

const Answer = z.object({ saw: z.string() })
const get = endpoint({
  method: 'GET',
  path: '/things/{id}/parts',
  request: z.object({ id: z.string(), limit: z.number().optional(), after: z.string().optional() }),
  response: Answer,
})
const post = endpoint({
  method: 'POST',
  path: '/things/{id}',
  request: z.object({ id: z.string(), name: z.string() }),
  response: Answer,
  refusals: ['conflict', 'rate_limited'],
})
const remove = endpoint({ method: 'DELETE', path: '/gone', request: z.object({}), response: z.undefined() })

let answer: (c: Context) => Response | Promise<Response> = () => Response.json({ saw: '' })
const listening = Promise.withResolvers<number>()
const app = new Hono().all('*', (c) => answer(c))
const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => listening.resolve(port))
const client: Client = {
  service: 'sample',
  baseUrl: new URL(`http://127.0.0.1:${await listening.promise}/base/`),
  token: async () => 'my.own.token',
  timeoutMs: 200,
}
afterAll(() => new Promise((resolve) => server.close(resolve)))

const renamed = () => call(client, post, { id: '1', name: 'x' })
const refuse = (fault: Fault) => () => toProblemResponse(fault, 'r1')

test('fields go where the endpoint wants them: path, query or body', async () => {
  answer = (c) => Response.json({ saw: `${c.req.method} ${new URL(c.req.url).pathname}${new URL(c.req.url).search}` })
  expect(await call(client, get, { id: 'a/b ?', limit: 2 })).toEqual({
    saw: 'GET /base/things/a%2Fb%20%3F/parts?limit=2',
  })
  answer = async (c) => Response.json({ saw: await c.req.text() })
  expect(await call(client, post, { id: '1', name: 'hé' })).toEqual({ saw: '{"name":"hé"}' })
  answer = () => new Response(null, { status: 204 })
  expect(await call(client, remove, {})).toBeUndefined()
})

test('the caller’s own token and the request’s id go along', async () => {
  answer = (c) => Response.json({ saw: `${c.req.header('authorization')} ${c.req.header('x-request-id')}` })
  const seen = await call(client, get, { id: '1' }, { requestId: 'r1' })
  expect(seen.saw).toBe('Bearer my.own.token r1')
})

test('a refusal that the endpoint declares keeps its kind, reason and time to wait', async () => {
  answer = refuse(new Fault('conflict', 'name_taken', 'The name is taken.'))
  await expect(renamed()).rejects.toMatchObject({
    kind: 'conflict',
    reason: 'name_taken',
    message: 'The name is taken.',
  })
  answer = refuse(new Fault('rate_limited', 'too_fast', 'Slower.', { retryAfterSeconds: 7 }))
  await expect(renamed()).rejects.toMatchObject({ kind: 'rate_limited', retry: true, retryAfterSeconds: 7 })
})

test('any other refusal is our mistake: the caller’s caller never sees our 401', async () => {
  for (const kind of ['invalid', 'unauthenticated', 'forbidden', 'not_found'] as const) {
    answer = refuse(new Fault(kind, 'secret_reason', 'secret detail'))
    await expect(renamed()).rejects.toMatchObject({
      kind: 'internal',
      reason: 'sample_refused',
      message: 'Internal error',
    })
  }
})

test('what passes by itself may be retried', async () => {
  answer = refuse(new Fault('unavailable', 'x', 'x', { retryAfterSeconds: 3 }))
  await expect(renamed()).rejects.toMatchObject({ reason: 'sample_unavailable', retry: true, retryAfterSeconds: 3 })
  for (const status of [500, 502, 504, 408, 302, 304]) {
    answer = () => new Response(null, { status, headers: { location: 'http://127.0.0.1:1/' } })
    await expect(renamed()).rejects.toMatchObject({ reason: 'sample_unavailable', retry: true })
  }
})

test('an answer that is not what was promised is not passed on', async () => {
  for (const nonsense of ['<html>', '{"saw":1}', 'null', '']) {
    answer = () => new Response(nonsense)
    await expect(renamed()).rejects.toMatchObject({ reason: 'sample_nonsense', retry: true })
  }
})

test('a service that is late, before or within its answer, is given up', async () => {
  const never = Promise.withResolvers<Response>()
  answer = () => never.promise
  await expect(renamed()).rejects.toMatchObject({ reason: 'sample_late', retry: true })
  answer = () => new Response(new ReadableStream({ start: (c) => c.enqueue(new TextEncoder().encode('{')) }))
  await expect(renamed()).rejects.toMatchObject({ reason: 'sample_late', retry: true })
  never.resolve(new Response())
})

test('a service that is not there cannot be reached', async () => {
  const gone = { ...client, baseUrl: new URL(`http://127.0.0.1:${await freePort()}`) }
  await expect(call(gone, remove, {})).rejects.toMatchObject({ reason: 'sample_unreachable', retry: true })
})

test('no fault carries the token', async () => {
  answer = () => new Response('my.own.token', { status: 500 })
  const fault = await renamed().catch((error: unknown) => error)
  expect(fault).toBeInstanceOf(Fault)
  expect(fault instanceof Fault && `${fault.message} ${fault.stack} ${fault.cause}`).not.toContain('my.own.token')
})
