import { expect, test } from 'vitest'
import { createLog } from '../../../shared/log.ts'
import { freePort } from '../../../shared/testing/port.ts'
import { startMediaHost } from './media-host.ts'
import { startWired } from './testing.ts'

const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', ...headers },
  })

test('publishers and viewers are started, shown and ended over HTTP', async () => {
  await using host = await startWired()
  const published = await post(`${host.url}/standin/publish`, { stream_key: 'one' })
  const publisher = (await published.json()) as { id: string }
  expect([published.status, publisher]).toEqual([201, expect.objectContaining({ runtime_name: 'live+one' })])
  const viewed = await post(`${host.url}/standin/view`, { playback_id: 'one', protocol: 'cmaf' })
  const viewer = (await viewed.json()) as { id: string }

  const shown = (await (await fetch(`${host.url}/standin`)).json()) as { sessions: unknown[] }
  expect(shown.sessions).toHaveLength(2)
  expect((await fetch(`${host.url}/standin/view/${viewer.id}`, { method: 'DELETE' })).status).toBe(202)
  expect((await fetch(`${host.url}/standin/publish/${publisher.id}`, { method: 'DELETE' })).status).toBe(202)
  await expect.poll(() => host.handler.names()).toContain('STREAM_END')
  expect(host.handler.names()).toContain('USER_END')
})

test('a refusal says why', async () => {
  await using host = await startWired({ decide: () => ({ body: '' }), entry: { onfail: '' } })
  const answer = await (await post(`${host.url}/standin/publish`, { stream_key: 'wrong' })).json()
  expect(answer).toEqual({ accepted: false, reason: 'connection_refused' })
})

test('wrong input, unknown ids and callers behind a proxy are turned away', async () => {
  await using host = await startWired()
  const statusOf = async (body: unknown, headers = {}) =>
    (await post(`${host.url}/standin/publish`, body, headers)).status
  expect(await statusOf({})).toBe(400)
  expect(await statusOf({ stream_key: 'one', protocol: 'carrier-pigeon' })).toBe(400)
  expect(await statusOf({ stream_key: 'one' }, { 'X-Forwarded-For': '127.0.0.1' })).toBe(403)
  expect((await fetch(`${host.url}/standin/view/none`, { method: 'DELETE' })).status).toBe(404)
})

test('a port that is taken fails the start and leaves the other one free', async () => {
  await using host = await startWired()
  const port = await freePort()
  const taken = Number(new URL(host.http_url).port)
  const log = createLog('media-host')
  await expect(startMediaHost({ port, http_port: taken, log, seed: 1 })).rejects.toThrow('EADDRINUSE')
  const second = await startMediaHost({ port, http_port: 0, log, seed: 1 })
  await second.stop()
})
