import type { IncomingHttpHeaders } from 'node:http'
import { expect, test } from 'vitest'
import { STREAM_END_MS } from './broadcast.ts'
import { DENIAL_MS, SESSION_QUIET_MS } from './sessions.ts'
import { admitAll, startWired } from './testing.ts'

const publisher = { stream_key: 'one', protocol: 'rtmp', publisher_host: '127.0.0.1' } as const

/** Times in the headers are whole milliseconds of the wall, and the speed magnifies what that cuts off. */
const SLACK = 0.95

/** When a call was fired, whenever it arrived. */
const firedAt = (call: { headers: IncomingHttpHeaders } | undefined) =>
  Number(call?.headers['x-trigger-unixmillis'] ?? Number.NaN)

test('sessions and streams report their end after the recorded silence, not before', async () => {
  const speed = 50
  await using host = await startWired({ speed })
  await host.publish(publisher)
  const view = await host.view({ playback_id: 'one', protocol: 'hls', viewer_host: '203.0.113.30' })
  if (view.admitted) view.end()
  host.finish()
  await expect.poll(() => host.handler.names(), { timeout: 5_000 }).toContain('STREAM_END')

  const at = (name: string, line: string) =>
    firedAt(host.handler.received.findLast(({ trigger, lines }) => trigger === name && lines.includes(line)))
  const quiet_ms = (at('USER_END', '203.0.113.30') - at('CONN_CLOSE', '203.0.113.30')) * speed
  expect(quiet_ms).toBeGreaterThan(SESSION_QUIET_MS * SLACK)
  const end_ms = (at('STREAM_END', 'live+one') - at('PUSH_INPUT_CLOSE', 'live+one')) * speed
  expect(end_ms).toBeGreaterThan(STREAM_END_MS * SLACK)
})

test('a denial is forgotten in the end, and the next visit asks again', async () => {
  const denialsLast_ms = 100
  await using host = await startWired({
    speed: DENIAL_MS / denialsLast_ms,
    decide: (call) => (call.trigger === 'USER_NEW' ? { body: 'false' } : admitAll(call)),
  })
  await host.publish(publisher)
  const asked = async () => {
    await (await fetch(`${host.http_url}/hls/one/index.m3u8?tkn=same`)).text()
    return host.handler.received.filter(({ trigger }) => trigger === 'USER_NEW')
  }
  await expect.poll(async () => (await asked()).length).toBe(2)
  const [first, second] = await asked()
  expect(firedAt(second) - firedAt(first)).toBeGreaterThan(denialsLast_ms * SLACK)
})
