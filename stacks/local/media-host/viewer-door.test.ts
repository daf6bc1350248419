import { expect, test } from 'vitest'
import { startWired } from './testing.ts'

const publisher = { stream_key: 'one', protocol: 'rtmp', publisher_host: '127.0.0.1' } as const

test('a player follows the playlists down to a segment, all in one session', async () => {
  // Slow enough that the session does not end between two requests.
  await using host = await startWired({ speed: 5 })
  await host.publish(publisher)
  const master = await fetch(`${host.http_url}/hls/one/index.m3u8`)
  const media = new URL((await master.text()).trimEnd().split('\n').at(-1) ?? '', master.url)
  const listed = await fetch(media)
  const segment = await fetch(new URL((await listed.text()).trimEnd().split('\n').at(-1) ?? '', media))
  const bytes = new Uint8Array(await segment.arrayBuffer())
  expect([master.status, listed.status, segment.status]).toEqual([200, 200, 200])
  expect([bytes[0], bytes[188], bytes.length % 188]).toEqual([0x47, 0x47, 0])

  const count = (name: string) => host.handler.names().filter((each) => each === name).length
  expect([count('PLAY_REWRITE'), count('USER_NEW')]).toEqual([3, 1])
})

test.for(['cmaf/one/', 'cmaf/one/index.m3u8', 'one.ts', 'one.html', 'json_one.js'])('/%s answers', async (path) => {
  await using host = await startWired()
  await host.publish(publisher)
  expect((await fetch(`${host.http_url}/${path}`)).status).toBe(200)
  expect(host.handler.received.find(({ trigger }) => trigger === 'PLAY_REWRITE')?.lines[0]).toBe('one')
})
