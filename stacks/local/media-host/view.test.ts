import { expect, test } from 'vitest'
import { SESSION_QUIET_MS } from './sessions.ts'
import { admitAll, callApi, startWired } from './testing.ts'

const publisher = { stream_key: 'one', protocol: 'rtmp', publisher_host: '127.0.0.1' } as const
const viewer = { playback_id: 'one', protocol: 'hls', viewer_host: '203.0.113.30' } as const

test('an HTTP viewer opens twice, asks to play, begins one session, and ends after silence', async () => {
  await using host = await startWired()
  await host.publish(publisher)
  const before = host.handler.received.length
  const view = await host.view(viewer)
  if (view.admitted) view.end()
  await expect.poll(() => host.handler.names()).toContain('USER_END')

  const fired = host.handler.received.slice(before).filter(({ lines }) => lines.includes('203.0.113.30'))
  const names = ['CONN_OPEN', 'CONN_OPEN', 'PLAY_REWRITE', 'USER_NEW', 'CONN_PLAY', 'CONN_CLOSE', 'USER_END']
  expect(fired.map(({ trigger }) => trigger)).toEqual(names)
  expect(fired[0]?.lines).toEqual(['', '203.0.113.30', 'HTTP', ''])
  expect(fired[3]?.lines).toHaveLength(7)
  expect(fired[6]?.lines).toHaveLength(12)
  expect(fired[6]?.lines.at(-1)).toBe(fired[3]?.lines[5])
})

test('the end of a stream takes its viewers along and adds up what they reported', async () => {
  await using host = await startWired()
  await host.publish(publisher)
  await host.view(viewer)
  await host.view({ ...viewer, protocol: 'mp4' })
  host.finish()
  await expect.poll(() => host.handler.names()).toContain('STREAM_END')

  const { received } = host.handler
  const ends = received.filter(({ trigger }) => trigger === 'USER_END')
  const sum = (line: number) => ends.reduce((total, { lines }) => total + Number(lines[line]), 0)
  const input = received.find(({ trigger, lines }) => trigger === 'OUTPUT_END' && lines[2] === 'RTMP')
  const end = received.find(({ trigger }) => trigger === 'STREAM_END')
  const [name, down, up, viewers, inputs, outputs, seconds] = end?.lines ?? []
  expect(ends).toHaveLength(2)
  expect([name, viewers, inputs, outputs]).toEqual(['live+one', '2', '1', '0'])
  expect(Number(up)).toBe(sum(5) + Number(input?.lines[3]))
  expect(Number(down)).toBeGreaterThan(0)
  expect(Number(seconds)).toBe(sum(4))
})

test('a session that USER_NEW denies plays nothing, has no end and is not asked about again', async () => {
  await using host = await startWired({
    decide: (call) => (call.trigger === 'USER_NEW' ? { body: 'false' } : admitAll(call)),
  })
  await host.publish(publisher)
  const url = `${host.http_url}/hls/one/index.m3u8?tkn=same`
  const [first, second] = [await fetch(url), await fetch(url)]
  expect([first.status, second.status]).toEqual([200, 200])
  expect(await first.text()).toContain('#EXT-X-ERROR')
  host.finish()
  await host.idle()
  expect(host.handler.names().filter((name) => name === 'USER_NEW')).toHaveLength(1)
  expect(host.handler.names()).not.toContain('USER_END')
})

test('PLAY_REWRITE may refuse, and a stream that does not run is offline', async () => {
  await using host = await startWired({
    decide: (call) => (call.trigger === 'PLAY_REWRITE' && call.lines[0] === 'no' ? { body: '' } : admitAll(call)),
  })
  expect(await host.view({ ...viewer, playback_id: 'no' })).toEqual({ admitted: false, reason: 'playback_rejected' })
  expect(await host.view({ ...viewer, playback_id: 'two' })).toEqual({ admitted: false, reason: 'offline' })
  expect((await fetch(`${host.http_url}/hls/no/index.m3u8`)).status).toBe(404)
  expect(await (await fetch(`${host.http_url}/json_no.js`)).json()).toHaveProperty('error')
})

test('re-validated sessions are asked about with six lines, and who is denied now is cut off', async () => {
  let allowed = 'true'
  await using host = await startWired({
    decide: (call) => (call.trigger === 'USER_NEW' ? { body: allowed } : admitAll(call)),
  })
  await host.publish(publisher)
  const view = await host.view(viewer)
  allowed = 'false'
  await callApi(host, { invalidate_sessions: 'live+one' })
  if (view.admitted) await view.ended
  const asked = host.handler.received.filter(({ trigger }) => trigger === 'USER_NEW')
  expect(asked.map(({ lines }) => lines.length)).toEqual([7, 6])
  await expect.poll(() => host.handler.names()).toContain('USER_END')
})

test('the API stops one session or all of a stream', async () => {
  await using host = await startWired()
  await host.publish(publisher)
  const [first, second] = [await host.view(viewer), await host.view(viewer)]
  if (!first.admitted || !second.admitted) throw new Error('not admitted')
  await callApi(host, { stop_sessid: first.session_id })
  await first.ended
  await callApi(host, { stop_sessions: 'live+one' })
  await second.ended
  await expect.poll(() => host.handler.names()).toContain('STREAM_END')
  expect(host.handler.names().filter((name) => name === 'USER_END')).toHaveLength(2)
})

test('a slow answer to USER_NEW is no silence of the session', async () => {
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
  await using host = await startWired({
    // The silence that ends a session lasts less than a millisecond.
    speed: SESSION_QUIET_MS / 0.5,
    decide: async (call) => {
      if (call.trigger === 'USER_NEW') await answered
      return admitAll(call)
    },
  })
  await host.publish(publisher)
  const viewing = host.view(viewer)
  await expect.poll(() => host.handler.names()).toContain('USER_NEW')
  await callApi(host, { version: true })
  answer()
  expect(await viewing).toMatchObject({ admitted: true })
  await callApi(host, { version: true })
  expect(host.handler.names()).not.toContain('USER_END')
})
