import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../../shared/clock.ts'
import { freePort } from '../../../../shared/testing/port.ts'
import { type Decide, startHandler } from '../testing.ts'
import { CALL_ATTEMPTS_MAX } from './call.ts'
import { connectTriggers } from './fire.ts'

const ATTEMPT_TIMEOUT_MS = 60

async function wire(entry: Record<string, unknown>, decide: Decide = () => ({ body: 'true' })) {
  const handler = await startHandler(decide)
  onTestFinished(() => handler[Symbol.asyncDispose]())
  const entries = [{ handler: handler.url, sync: true, ...entry }]
  const triggers = { PUSH_REWRITE: entries, STREAM_SOURCE: entries, USER_NEW: entries, USER_END: entries }
  const { signal } = new AbortController()
  const read = () => ({ triggers, serverid: 'one', iid: 'abc' })
  const connected = connectTriggers({ read, clock: systemClock, signal, attempt_timeout_ms: ATTEMPT_TIMEOUT_MS })
  return { ...connected, handler }
}

const firing = { stream: 'live+one', pid: 7, lines: ['live+one', 'x'] }

test('a trigger without a handler decides nothing and allows', async () => {
  const { fire } = await wire({})
  expect(await fire('CONN_OPEN', firing)).toEqual({ asked: false, action: 'value', value: '', allowed: true })
})

test('a silent handler is tried five times with one UUID, then the default lets people in', async () => {
  const { fire, handler, counts } = await wire({}, () => ({ hang: true }))
  expect(await fire('USER_NEW', firing)).toEqual({ asked: true, action: 'value', value: 'true', allowed: true })
  const attempts = handler.received.map(({ headers }) => headers['x-attempt'])
  expect(attempts).toEqual(Array.from({ length: CALL_ATTEMPTS_MAX }, (_, i) => String(i + 1)))
  expect(new Set(handler.received.map(({ headers }) => headers['x-trigger-uuid'])).size).toBe(1)
  expect(counts.get('USER_NEW')).toMatchObject({ count: 1, fails: 1 })
})

test('a handler that cannot be reached counts as failed', async () => {
  const { fire } = await wire({ handler: `http://127.0.0.1:${await freePort()}/`, default: 'false' })
  expect(await fire('USER_NEW', firing)).toMatchObject({ value: 'false', allowed: false })
})

test.for([
  ['a 403', { status: 403, body: 'false' }],
  ['an action that does not exist', { headers: { 'X-Mist-Trigger-Action': 'perhaps' } }],
  ['an action that is not legal for the trigger', { headers: { 'X-Mist-Trigger-Action': 'offline' } }],
] as const)('%s is a failure: asked once, and onfail decides', async ([, answer]) => {
  const { fire, handler } = await wire({ onfail: 'deny' }, () => answer)
  expect(await fire('USER_NEW', firing)).toMatchObject({ action: 'deny', allowed: false })
  expect(handler.received).toHaveLength(1)
})

test.for([
  ['PUSH_REWRITE', 'KEEP', 'keep'],
  ['STREAM_SOURCE', 'configured', 'use-configured'],
  ['STREAM_SOURCE', 'offline', 'offline'],
] as const)('%s takes the action %s', async ([trigger, header, action]) => {
  const { fire } = await wire({}, () => ({ headers: { 'X-Mist-Trigger-Action': header }, body: 'ignored' }))
  expect(await fire(trigger, firing)).toMatchObject({ action, value: '' })
})

test('a source that begins with offline: is the action offline', async () => {
  const { fire } = await wire({}, () => ({ body: 'offline:gone' }))
  expect(await fire('STREAM_SOURCE', firing)).toMatchObject({ action: 'offline' })
})

test('a call that reads no answer closes at once, and a handler that hangs holds nobody up', async () => {
  const { fire, handler, counts } = await wire({ sync: false }, () => ({ hang: true }))
  expect(await fire('USER_END', firing)).toMatchObject({ asked: false, allowed: true })
  await expect.poll(() => handler.received.map(({ lines }) => lines)).toEqual([['live+one', 'x']])
  expect(counts.get('USER_END')).toMatchObject({ count: 1, fails: 0 })
})

test('the streams filter keeps a trigger from its handler, except from PUSH_REWRITE', async () => {
  const { fire, handler } = await wire({ streams: ['vod'] })
  await fire('USER_NEW', firing)
  await fire('PUSH_REWRITE', firing)
  expect(handler.names()).toEqual(['PUSH_REWRITE'])
})
