import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { AuditEntry } from '../../../shared/contract/audit.ts'
import { CreatedStream } from '../../../shared/contract/commodore.ts'
import { Page } from '../../../shared/contract/page.ts'
import {
  CreatedWebhookEndpoint,
  WEBHOOK_ENDPOINTS_MAX,
  WEBHOOK_LOG_DAYS,
  WebhookBody,
  WebhookDelivery,
  WebhookEndpoint,
  WebhookSecret,
} from '../../../shared/contract/webhooks.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { createAuthority } from '../testing/certificates.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'
import { openReceiver, type Receiver } from '../testing/receiver.ts'
import { ATTEMPT_DELAYS_S, ATTEMPTS_MAX, FAILING_DAYS_MAX, JITTER } from './schedule.ts'
import { sign } from './secret.ts'

const HOUR_S = 3_600

let door: TestCommodore
let receiver: Receiver
let ann: Account
let names = 0

beforeAll(async () => {
  door = await openCommodore()
  receiver = await openReceiver()
})
afterAll(async () => {
  await receiver[Symbol.asyncDispose]()
  await door[Symbol.asyncDispose]()
})
beforeEach(async () => {
  const now = await door.account(`ann${++names}`)
  ann = { ...now, token: await fresh(now) }
  receiver.received.length = 0
  receiver.answer = { status: 204 }
})

const fresh = ({ tenant_id, user_id }: Account) => door.quartermaster.identities.user(tenant_id, { userId: user_id })
const ask = (line: string, body?: object) => send(door, line, { token: ann.token, body })
const url = (host = '127.0.0.1') => `http://${host}:${receiver.port}/hook`
const create = (body: object = {}) =>
  receive(CreatedWebhookEndpoint, ask('POST /webhook-endpoints', { url: url(), ...body }))
const run = () => door.jobs.outbox?.run(new AbortController().signal)
const deliveries = async (id: string) =>
  (await receive(Page(WebhookDelivery), ask(`GET /webhook-endpoints/${id}/deliveries`))).data
const look = (id: string) => receive(WebhookEndpoint, ask(`GET /webhook-endpoints/${id}`))
const stream = (title: string) => receive(CreatedStream, ask('POST /streams', { title }))
const types = () => receiver.received.map(({ body }) => WebhookBody.parse(JSON.parse(body)).type)
const pass = async (seconds: number) => {
  door.quartermaster.pass(seconds)
  ann.token = await fresh(ann)
}

describe('a delivery', () => {
  test('tells what happened, signed by the endpoint’s secret', async () => {
    const { id, secret } = await create()
    const made = await stream('Regatta')
    await run()
    const [hook] = receiver.received
    const { type, data, timestamp } = WebhookBody.parse(JSON.parse(hook?.body ?? ''))
    expect({ type, stream_id: data.stream_id }).toEqual({ type: 'stream.created', stream_id: made.id })
    expect(timestamp).toBe(made.created_at)
    expect(hook?.body).not.toContain(made.stream_key)
    const [delivery] = await deliveries(id)
    expect(delivery).toMatchObject({ status: 'delivered', attempts: 1, response_status: 204, error: null })
    const message = {
      id: delivery?.id ?? '',
      timestamp: door.quartermaster.now().getTime() / 1000,
      body: hook?.body ?? '',
    }
    expect(hook?.headers).toMatchObject({ ...sign(message, [secret]), 'content-type': 'application/json' })
  })

  test('is made only for what the endpoint asked to hear of, and for its own tenant', async () => {
    const { id } = await create({ event_types: ['stream.deleted'] })
    const made = await stream('Regatta')
    const other = await door.account(`bob${names}`)
    await door.stream(other)
    await ask(`DELETE /streams/${made.id}`)
    await run()
    expect(types()).toEqual(['stream.deleted'])
    expect((await deliveries(id)).length).toBe(1)
  })

  test('is not made for a change that did not come about', async () => {
    const { id } = await create()
    expect(await refusal(ask('POST /streams/str_x/keys', { name: 'x' }))).toBe('404 not_found')
    await run()
    expect(await deliveries(id)).toEqual([])
  })

  test('waits for the earlier ones of its stream, and for no other’s', async () => {
    const { id } = await create()
    receiver.answer = { status: 500 }
    const first = await stream('First')
    await run()
    receiver.answer = { status: 204 }
    await ask(`PATCH /streams/${first.id}`, { title: 'Changed' })
    await stream('Second')
    await run()
    expect(types()).toEqual(['stream.created', 'stream.created'])
    await pass((ATTEMPT_DELAYS_S[0] ?? 0) * (1 + JITTER))
    await run()
    expect(types()).toEqual(['stream.created', 'stream.created', 'stream.created', 'stream.updated'])
    expect((await deliveries(id)).every(({ status }) => status === 'delivered')).toBe(true)
  })

  test('is attempted eight times with the same id, then given up; the next of its stream goes on', async () => {
    const { id } = await create()
    receiver.answer = { status: 503 }
    const made = await stream('Regatta')
    await run()
    for (const delay of ATTEMPT_DELAYS_S) {
      await pass(delay * (1 - JITTER) - 1)
      await run()
      await pass(delay * 2 * JITTER + 1)
      await run()
    }
    expect(receiver.received.length).toBe(ATTEMPTS_MAX)
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    const failed = { status: 'failed', attempts: ATTEMPTS_MAX, response_status: 503, next_attempt_at: null }
    expect((await deliveries(id))[0]).toMatchObject({ ...failed, error: 'webhook_refused' })
    receiver.answer = { status: 200 }
    await ask(`DELETE /streams/${made.id}`)
    await run()
    expect(types().at(-1)).toBe('stream.deleted')
    expect(await look(id)).toMatchObject({ enabled: true, failing_since: null })
  })

  test('to a host whose certificate is none of its own says so, and goes out once it is', async () => {
    await using impostor = await openReceiver(createAuthority().issue('hooks.example.com'))
    door.hosts.set('hooks.example.com', ['127.0.0.1'])
    const { id } = await create({ url: `https://hooks.example.com:${impostor.port}/hook` })
    await stream('Regatta')
    await run()
    const failed = { status: 'pending', attempts: 1, response_status: null, error: 'webhook_certificate_refused' }
    expect(await deliveries(id)).toMatchObject([failed])
    expect(impostor.received).toEqual([])
    await ask(`PATCH /webhook-endpoints/${id}`, { url: url() })
    await pass((ATTEMPT_DELAYS_S[0] ?? 0) * (1 + JITTER))
    await run()
    expect(await deliveries(id)).toMatchObject([{ status: 'delivered', error: null }])
  })

  test('is sent again when asked for, unless it is still being attempted', async () => {
    const { id } = await create()
    await stream('Regatta')
    const [pending] = await deliveries(id)
    const resend = (delivery = pending?.id) =>
      refusal(ask(`POST /webhook-endpoints/${id}/deliveries/${delivery}/resend`))
    expect(await resend()).toBe('409 webhook_delivery_pending')
    await run()
    const both = await Promise.all([resend(), resend()])
    expect(both.toSorted()).toEqual(['202', '409 webhook_delivery_pending'])
    await run()
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([pending?.id, pending?.id])
    expect(await resend(id.replace('whe', 'whd'))).toBe('404 webhook_delivery_not_found')
  })

  test('can be asked for as a test, whatever the endpoint hears of', async () => {
    const { id } = await create({ event_types: ['stream.deleted'] })
    expect(await refusal(ask(`POST /webhook-endpoints/${id}/test`))).toBe('202')
    await run()
    expect(types()).toEqual(['webhook.test'])
  })

  test('is forgotten after a while', async () => {
    const { id } = await create()
    await stream('Regatta')
    await run()
    await pass(WEBHOOK_LOG_DAYS * 24 * HOUR_S)
    await door.jobs.webhook_log?.run(new AbortController().signal)
    expect((await deliveries(id)).length).toBe(1)
    await pass(1)
    await door.jobs.webhook_log?.run(new AbortController().signal)
    expect(await deliveries(id)).toEqual([])
  })
})

describe('an endpoint', () => {
  test('has two secrets while they are rotated, and then the new one alone', async () => {
    const { id, secret: old } = await create()
    const body = { overlap_hours: 1 }
    const { secret } = await receive(WebhookSecret, ask(`POST /webhook-endpoints/${id}/rotate-secret`, body))
    const signature = async (...secrets: string[]) => {
      await ask(`POST /webhook-endpoints/${id}/test`)
      await run()
      const { headers, body: content = '' } = receiver.received.at(-1) ?? {}
      const timestamp = Math.floor(door.quartermaster.now().getTime() / 1000)
      const message = { id: String(headers?.['webhook-id']), timestamp, body: content }
      expect(headers?.['webhook-signature']).toBe(sign(message, secrets)['webhook-signature'])
    }
    await pass(HOUR_S - 1)
    await signature(secret, old)
    await pass(1)
    await signature(secret)
  })

  test('is disabled after five days in which nothing got through, and starts anew when enabled', async () => {
    const { id } = await create()
    receiver.answer = { status: 500 }
    const tell = async () => {
      await ask(`POST /webhook-endpoints/${id}/test`)
      await run()
    }
    await tell()
    const { failing_since } = await look(id)
    expect(failing_since).toBe(door.quartermaster.now().toISOString())
    await pass(FAILING_DAYS_MAX * 24 * HOUR_S - 1)
    await tell()
    expect(await look(id)).toMatchObject({ enabled: true, failing_since })
    await pass(2 * HOUR_S * 24)
    await run()
    expect(await look(id)).toMatchObject({ enabled: false, disabled_reason: 'failing' })
    const before = receiver.received.length
    await run()
    expect(receiver.received.length).toBe(before)
    expect(await refusal(ask(`POST /webhook-endpoints/${id}/test`))).toBe('409 webhook_endpoint_disabled')
    await ask(`PATCH /webhook-endpoints/${id}`, { enabled: true })
    receiver.answer = { status: 204 }
    await tell()
    expect(await look(id)).toMatchObject({ enabled: true, disabled_reason: null, failing_since: null })
  })

  test('that says it is gone is disabled at once', async () => {
    const { id } = await create()
    receiver.answer = { status: 410 }
    await stream('Regatta')
    await run()
    expect(await look(id)).toMatchObject({ enabled: false, disabled_reason: 'gone' })
  })

  test('leaves nothing to be told when it is deleted', async () => {
    const { id } = await create()
    await stream('Regatta')
    expect((await ask(`DELETE /webhook-endpoints/${id}`)).status).toBe(204)
    await run()
    expect(receiver.received).toEqual([])
    expect(await refusal(ask(`GET /webhook-endpoints/${id}/deliveries`))).toBe('404 webhook_endpoint_not_found')
  })

  test('is one of a bounded number, also when many are made at once', async () => {
    const make = () => refusal(ask('POST /webhook-endpoints', { url: url() }))
    const results = await Promise.all(Array.from({ length: WEBHOOK_ENDPOINTS_MAX + 5 }, make))
    const made = results.filter((result) => result === '200' || result === '201')
    expect(made.length).toBe(WEBHOOK_ENDPOINTS_MAX)
    expect(results.filter((result) => result === '409 too_many_webhook_endpoints').length).toBe(5)
  })

  test('keeps its secret out of every list, log and table', async () => {
    const { id, secret } = await create()
    const list = await receive(Page(WebhookEndpoint), ask('GET /webhook-endpoints'))
    expect(list.data.map((endpoint) => endpoint.id)).toEqual([id])
    const log = await receive(Page(AuditEntry), ask('GET /audit-log'))
    const { rows } = await door.owner.query('select * from commodore.webhook_endpoints where id = $1', [id])
    expect(JSON.stringify([list, log, rows])).not.toContain(secret)
  })
})
