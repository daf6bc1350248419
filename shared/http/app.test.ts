import { Registry } from 'prom-client'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../clock.ts'
import { Fault } from '../fault.ts'
import { createKey, toPublicKey } from '../identity/key.ts'
import { createVerifier } from '../identity/verifier.ts'
import { configureLog, createLog } from '../log.ts'
import { decodeCursor } from '../page.ts'
import { BODY_BYTES_MAX, createApp } from './app.ts'
import { createAuthenticate } from './authenticate.ts'
import { createHttpMetrics } from './metrics.ts'
import { addOperations } from './operations.ts'
import { Problem } from './problem.ts'
import { body, operation, path, query } from './route.ts'

const SECRET_TEXT = 'the password is hunter2'
const lines: string[] = []
configureLog({ pretty: false, level: 'debug', write: (line) => lines.push(line) })
afterEach(() => lines.splice(0))

const { registry, observe } = createHttpMetrics('sample')
const verify = createVerifier({
  keys: { keys: [toPublicKey(await createKey('commodore'))] },
  service: 'sample',
  clock: systemClock,
})
const never = Promise.withResolvers<void>()
const app = createApp({
  log: createLog('sample'),
  clock: systemClock,
  authenticate: createAuthenticate({ verify }),
  deps: {},
  requestTimeoutMs: 50,
  observe,
})
const Echo = z.strictObject({ text: z.string().max(10), nested: z.object({ 'a/b': z.number() }).optional() })
const Paging = z.object({ limit: z.coerce.number().int().max(5) })
const ok = { schema: z.object({}) }
app
  .post('/echo', operation({ summary: 'Echo', auth: 'none', ok }), body(Echo), (c) => c.json(c.req.valid('json')))
  .get('/list', operation({ summary: 'List', auth: 'none', ok }), query(Paging), (c) => c.json(c.req.valid('query')))
  .get('/things/:id', operation({ summary: 'Get', auth: 'none', ok }), path(z.object({ id: z.literal('1') })), (c) =>
    c.json(c.req.valid('param')),
  )
  .post('/private', operation({ summary: 'Private', auth: 'user', ok }), body(Echo), (c) => c.json({}))
  .get('/busy/:id', operation({ summary: 'Busy', auth: 'none', ok, quiet: true }), (c) => {
    if (c.req.param('id') === '0') throw new Fault('not_found', 'not_found', 'There is no such thing.')
    return c.json({})
  })
  .get('/slow', async (c) => {
    await never.promise
    return c.json({})
  })
  .get('/broken', () => {
    throw new Error(SECRET_TEXT)
  })
  .get('/later', () => {
    throw new Fault('unavailable', 'elsewhere_late', 'Not now.', { retryAfterSeconds: 1.2 })
  })
  // It would answer what none before it does.
  .get('/things/:any', (c) => c.json({}))
addOperations(app, {
  title: 'Sample',
  description: 'A sample',
  metrics: registry,
  checks: {
    store: async () => undefined,
    other: () => Promise.reject(new Fault('unavailable', 'other_gone', 'Gone.')),
  },
})

const JSON_TYPE = { 'content-type': 'application/json' }

async function problemOf(answer: Response | Promise<Response>) {
  const response = await answer
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const { status, code, errors, request_id, detail } = Problem.parse(await response.json())
  expect(status).toBe(response.status)
  expect(response.headers.get('x-request-id')).toBe(request_id)
  return { status, code, detail, ...(errors ? { errors } : {}) }
}

const post = (
  content: string | Uint8Array | ReadableStream,
  headers: Record<string, string> = JSON_TYPE,
  route = '/echo',
) =>
  app.request(route, {
    method: 'POST',
    body: content,
    headers,
    ...(content instanceof ReadableStream && { duplex: 'half' }),
  })

test('good input is answered', async () => {
  const response = await post('{"text":"hé"}')
  expect([response.status, await response.json()]).toEqual([200, { text: 'hé' }])
})

test('each wrong field is named by its JSON pointer', async () => {
  expect(await problemOf(post('{"text":"01234567890","nested":{"a/b":"x"},"more":1}'))).toMatchObject({
    status: 400,
    code: 'invalid_input',
    errors: [{ pointer: '/text' }, { pointer: '/nested/a~1b' }, { pointer: '' }],
  })
})

test('a body that is not JSON, not UTF-8, empty or of another type is refused by name', async () => {
  expect(await problemOf(post('{"text":'))).toMatchObject({ status: 400, code: 'malformed_json' })
  const latin1 = new Uint8Array([0x7b, 0x22, 0x74, 0x65, 0x78, 0x74, 0x22, 0x3a, 0x22, 0xe9, 0x22, 0x7d])
  expect(await problemOf(post(latin1))).toMatchObject({ status: 400, code: 'malformed_utf8' })
  expect(await problemOf(post(''))).toMatchObject({ status: 400 })
  expect(await problemOf(post('text=x', { 'content-type': 'application/x-www-form-urlencoded' }))).toMatchObject({
    status: 415,
    code: 'json_expected',
  })
})

test('a body over the limit is refused, whether it says its size or not', async () => {
  const huge = new Uint8Array(10 * BODY_BYTES_MAX)
  const declared = { ...JSON_TYPE, 'content-length': String(huge.byteLength) }
  expect(await problemOf(post(huge, declared))).toMatchObject({ status: 413, code: 'body_too_large' })
  expect(await problemOf(post(new Blob([huge]).stream()))).toMatchObject({ status: 413, code: 'body_too_large' })
  const exact = new TextEncoder().encode(`{"text":"x"${' '.repeat(BODY_BYTES_MAX - 12)}}`)
  expect((await post(new Blob([exact]).stream())).status).toBe(200)
})

test('a request that takes too long, or a body that never ends, is a 408', async () => {
  expect(await problemOf(app.request('/slow'))).toMatchObject({ status: 408, code: 'request_timeout' })
  const trickle = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array([0x7b])) })
  expect(await problemOf(post(trickle))).toMatchObject({ status: 408, code: 'request_timeout' })
})

test('an unknown route and a path that cannot name anything are 404', async () => {
  expect(await problemOf(app.request('/nowhere'))).toMatchObject({ status: 404, code: 'no_such_route' })
  expect(await problemOf(app.request('/things/%00'))).toMatchObject({ status: 404, code: 'not_found' })
  expect((await app.request('/things/1')).status).toBe(200)
})

test('a path that is there for other methods is a 405 that names them', async () => {
  const response = await app.request('/things/1', { method: 'DELETE' })
  expect(response.headers.get('allow')).toBe('GET, HEAD')
  expect(await problemOf(response)).toMatchObject({ status: 405, code: 'method_not_allowed' })
  expect(await problemOf(app.request('/nowhere', { method: 'DELETE' }))).toMatchObject({ status: 404 })
  // Of a thing that is not there, the method is no news.
  expect(await problemOf(app.request('/things/2'))).toMatchObject({ status: 404, code: 'not_found' })
})

test('a wrong query is a 400 that names the parameter', async () => {
  expect(await problemOf(app.request('/list?limit=9'))).toMatchObject({ status: 400, errors: [{ pointer: '/limit' }] })
})

test('nobody is told so before the input is looked at', async () => {
  expect(await problemOf(post('{}', JSON_TYPE, '/private'))).toMatchObject({ status: 401, code: 'unauthenticated' })
})

test('a bad credential is a 401 even where none is needed', async () => {
  for (const authorization of ['Bearer', 'Bearer x', 'Digest abc', 'Basic %%%', `Bearer ${'x'.repeat(5000)}`]) {
    const response = await app.request('/list?limit=1', { headers: { authorization } })
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(await problemOf(response)).toMatchObject({ status: 401 })
  }
})

test('what breaks inside is told to the log and to nobody else', async () => {
  const response = await app.request('/broken')
  const text = await response.clone().text()
  expect(text).not.toContain('hunter2')
  expect(await problemOf(response)).toMatchObject({ status: 500, code: 'internal', detail: 'Internal error' })
  expect(lines.join()).toContain(SECRET_TEXT)
})

test('a fault that passes says when to come back, in whole seconds', async () => {
  const response = await app.request('/later')
  expect(response.headers.get('retry-after')).toBe('2')
  expect(await problemOf(response)).toMatchObject({ status: 503, code: 'elsewhere_late' })
})

test('one line is logged a request, by its route and not its path', async () => {
  await app.request('/things/1?token=hush', { headers: { 'x-request-id': 'abc' } })
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 'INFO', message: 'answered', method: 'GET', route: '/things/:id', request_id: 'abc', status: 200 },
  ])
})

test('what machines ask all the time is logged for who looks closely', async () => {
  for (const asked of ['/metrics', '/busy/1']) await app.request(asked)
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 'DEBUG', route: '/metrics' },
    { level: 'DEBUG', route: '/busy/:id' },
  ])
})

test('what such a route refuses is logged as any other’s', async () => {
  await app.request('/busy/0')
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 'WARN', message: 'refused' },
    { level: 'INFO', message: 'answered', route: '/busy/:id', status: 404 },
  ])
})

test('requests are counted by route, unknown paths as one', async () => {
  await app.request('/things/1')
  await app.request('/no/such/1')
  await app.request('/no/such/2')
  const text = await registry.metrics()
  expect(text).toMatch(/http_requests_total\{method="GET",route="\/things\/:id",status="200",service="sample"\} \d/)
  expect(text).not.toContain('/no/such')
  expect(text).toMatch(/http_request_duration_seconds_bucket\{le="0.005",.*route="\/things\/:id"/)
})

test('health says why the service is not ready', async () => {
  const response = await app.request('/health')
  expect([response.status, await response.json()]).toEqual([
    503,
    { status: 'unavailable', checks: { store: 'ok', other: 'other_gone' } },
  ])
})

test('the OpenAPI document holds each operation with its schemas and problems', async () => {
  const document = await (await app.request('/openapi.json')).json()
  expect(document).toMatchObject({
    openapi: '3.1.0',
    paths: {
      '/echo': { post: { summary: 'Echo', requestBody: { content: { 'application/json': {} } } } },
      '/private': { post: { security: [{ bearer: [] }], responses: { 401: {}, 403: {} } } },
    },
  })
  expect((await app.request('/docs')).status).toBe(200)
})

test('the document tells of what every request may meet', async () => {
  const Document = z.object({
    paths: z.record(z.string(), z.record(z.string(), z.object({ responses: z.record(z.string(), z.unknown()) }))),
    components: z.object({ responses: z.record(z.string(), z.object({ content: z.unknown() })) }),
  })
  const { paths, components } = Document.parse(await (await app.request('/openapi.json')).json())
  const statuses = (path: string, method: string) => Object.keys(paths[path]?.[method]?.responses ?? {}).map(Number)
  expect(statuses('/list', 'get')).toEqual([200, 400, 401, 408, 503])
  expect(statuses('/echo', 'post')).toEqual([200, 400, 401, 408, 413, 415, 503])
  expect(paths['/echo']?.post?.responses['415']).toEqual({ $ref: '#/components/responses/unsupported' })
  expect(components.responses.unsupported).toMatchObject({
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  })
})

test('the document says where it is served, and defines nothing that it does not use', async () => {
  const text = await (await app.request('/openapi.json')).text()
  const { servers, components } = z
    .object({
      servers: z.array(z.object({ url: z.string() })),
      components: z.object({
        responses: z.record(z.string(), z.unknown()),
        schemas: z.record(z.string(), z.unknown()),
      }),
    })
    .parse(JSON.parse(text))
  expect(servers).toEqual([{ url: '/' }])
  expect(Object.keys(components.responses)).toContain('unsupported')
  expect(Object.keys(components.schemas)).toContain('Problem')
  for (const [section, entries] of Object.entries(components)) {
    for (const name of Object.keys(entries)) expect(text).toContain(`"#/components/${section}/${name}"`)
  }
})

test('metrics of two services do not mix', async () => {
  expect(createHttpMetrics('other').registry).not.toBe(registry)
  expect(await new Registry().metrics()).not.toContain('http_requests_total')
})

test('a cursor that was tampered with is a 400', () => {
  for (const key of ['["a\\u0000"]', '[1]', '["a","b"]', '{}', 'x']) {
    expect(() => decodeCursor(btoa(encodeURIComponent(key)), 1)).toThrow(/cursor/)
  }
  expect(() => decodeCursor('%%%', 1)).toThrow(/cursor/)
})
