import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { importPKCS8, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { listenAt } from '../../edge-workers/signalman/testing/client.ts'
import { CreatedStream } from '../../shared/contract/commodore.ts'
import { IngestAnswer } from '../../shared/contract/foghorn.ts'
import { Page } from '../../shared/contract/page.ts'
import { CreatedSigningKey } from '../../shared/contract/playback.ts'
import { PushTarget } from '../../shared/contract/push-targets.ts'
import { HEALTH_INTERVAL_MS } from '../../shared/contract/quartermaster.ts'
import { ServiceInstance } from '../../shared/contract/registry.ts'
import { IssuedTicket } from '../../shared/contract/signalman.ts'
import { configureLog } from '../../shared/log.ts'
import { launchChromium } from '../../shared/testing/chromium.ts'
import { readRegistered } from '../monitoring/emitted.ts'
import { findFreeOffset } from './free-offset.ts'
import { rollDice } from './media-host/dice.ts'
import type { MediaHost } from './media-host/media-host.ts'
import { callApi } from './media-host/testing.ts'
import { portsAt, requireFree } from './ports.ts'
import { createProgress } from './progress.ts'
import { replay } from './replay/replay.ts'
import { readSystem } from './replay/system.ts'
import { readState } from './state.ts'
import { type System, startSystem } from './system.ts'

const RECORDING = fileURLToPath(new URL('../../node-sidecar/fixtures/session.jsonl', import.meta.url))
const START_TIMEOUT_MS = 60_000
const REPLAY_TIMEOUT_MS = 90_000
const SEED = 7

let statePath: string
let portOffset: number
let system: System
const logged: string[] = []

const start = () =>
  startSystem({
    statePath,
    portOffset,
    mist: undefined,
    seed: SEED,
    level: 'error',
    env: {},
    progress: createProgress(() => undefined),
  })

beforeAll(async () => {
  configureLog({ pretty: false, level: 'info', write: (line) => logged.push(line) })
  statePath = await mkdtemp(join(tmpdir(), 'frameworks-system-'))
  portOffset = await findFreeOffset()
  system = await start()
}, START_TIMEOUT_MS)

afterAll(async () => {
  await system?.[Symbol.asyncDispose]()
  await rm(statePath, { recursive: true, force: true })
}, START_TIMEOUT_MS)

const Status = z.object({ status: z.string() })

async function statusOf(stream_id: string): Promise<string> {
  const response = await get(`/streams/${stream_id}/status`, tenant())
  return Status.parse(await response.json()).status
}

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${system.state.base_url}${path}`, { headers, redirect: 'manual' })
const tenant = () => ({ authorization: `Bearer ${system.state.demo.api_token}` })
async function make<S extends z.ZodType>(schema: S, path: string, body: object): Promise<z.output<S>> {
  const response = await fetch(`${system.state.base_url}${path}`, {
    method: 'POST',
    headers: { ...tenant(), 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return schema.parse(await response.json())
}
/** On air, also when whoever published before is still being unloaded. */
async function goLive(host: MediaHost, stream_key: string): Promise<void> {
  const publish = () => host.publish({ stream_key, protocol: 'rtmp', publisher_host: '192.0.2.1' })
  await expect.poll(publish, { timeout: 10_000 }).toMatchObject({ accepted: true })
}

const trigger = (name: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fetch(`${system.state.services.helmsman}/triggers/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', 'x-trigger': name, ...headers },
    body,
  })

describe('a recorded session of a real MistServer', () => {
  test(
    'goes in, and every answer equals the sums of the file',
    async () => {
      const outcome = await replay(await readSystem(statePath), {
        file: RECORDING,
        realtime: false,
        say: () => undefined,
      })
      expect(outcome.played).toMatchObject({ calls: 797, publishers_accepted: 9, publishers_refused: 6, problems: [] })
      expect(outcome.rows.filter(({ same }) => !same)).toEqual([])
      const sessions = outcome.rows.filter(({ stream, figure }) => figure === 'sessions' && stream === 'live+test')
      expect(sessions).toMatchObject([{ recorded: '28', answered: '28' }])
    },
    REPLAY_TIMEOUT_MS,
  )

  test(
    'changes nothing when it is played again',
    async () => {
      const outcome = await replay(await readSystem(statePath), {
        file: RECORDING,
        realtime: false,
        say: () => undefined,
      })
      expect(outcome.rows.filter(({ same }) => !same)).toEqual([])
    },
    REPLAY_TIMEOUT_MS,
  )
})

test('a live stream is seen by its tenant, and its viewer is redirected to the host and served there', async () => {
  const { demo } = system.state
  const host = system.standIn
  if (!host) throw new Error('no media host')
  const dice = rollDice(SEED)
  const { stream_key, playback_id, stream_id } = demo
  const publication = await host.publish({ stream_key, protocol: 'rtmp', publisher_host: '192.0.2.1' })
  expect(publication.accepted, `seed ${SEED}`).toBe(true)
  await host.view({ playback_id, protocol: dice.pick(['hls', 'mp4']), viewer_host: '192.0.2.2' })

  await expect.poll(() => statusOf(stream_id), { timeout: 15_000 }).toBe('live')
  await expect.poll(async () => (await get(`/play/${playback_id}`)).status, { timeout: 15_000 }).toBe(307)
  const redirect = await get(`/play/${playback_id}`)
  const location = redirect.headers.get('location') ?? ''
  expect(location).toBe(`${system.state.services.media_host}/hls/${playback_id}/index.m3u8`)
  expect(await (await fetch(location)).text()).toMatch(/^#EXTM3U/)

  host.finish()
  await expect.poll(() => statusOf(stream_id), { timeout: 40_000 }).toBe('offline')
}, 90_000)

test('a publisher finds the host by the stream key, and who runs the host sees and holds it', async () => {
  const { demo, operator, services, base_url } = system.state
  const authorization = `Bearer ${operator.api_token}`
  const ingest = () => get(`/ingest/${demo.stream_key}`)
  await expect.poll(async () => (await ingest()).status, { timeout: 15_000 }).toBe(200)
  const { playback_id, candidates } = IngestAnswer.parse(await (await ingest()).json())
  expect(playback_id).toBe(demo.playback_id)
  const whip = candidates[0]?.urls.whip
  expect(whip).toBe(`${services.media_host}/webrtc/${demo.stream_key}`)
  const offer = {
    method: 'POST',
    headers: { 'content-type': 'application/sdp' },
    body: 'v=0',
    redirect: 'manual',
  } as const
  const sent = await fetch(`${base_url}/ingest/${demo.stream_key}`, offer)
  expect([sent.status, sent.headers.get('location')]).toEqual([307, whip])
  const ask = async (query: string) =>
    (await fetch(`${services.foghorn}/?${query}`, { headers: { authorization } })).json() as Promise<unknown>
  const host = candidates[0]?.host ?? ''
  expect(await ask('lstserver=1')).toEqual({ [host]: 'Monitored (online)' })
  expect(await ask(`delserver=${host}`)).toBe('Offline')
  await expect.poll(async () => (await ingest()).status, { timeout: 15_000 }).toBe(503)
  await ask(`addserver=${host}`)
  await expect.poll(async () => (await ingest()).status, { timeout: 15_000 }).toBe(200)
}, 60_000)

test('who runs the hosts signs in with a browser and sees them', async () => {
  const { operator, base_url, services } = system.state
  await using browser = await launchChromium()
  const page = await browser.newPage()
  await page.goto(`${base_url}/status`)
  await page.getByLabel('E-mail').fill(operator.email)
  await page.getByLabel('Password').fill(operator.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  const host = page.getByRole('table', { name: 'Hosts of This machine' }).getByRole('rowheader')
  await host.waitFor()
  expect(await host.textContent()).toContain(new URL(services.media_host ?? '').hostname)
}, 60_000)

test('a terminated stream ends on its host, and who may publish still may', async () => {
  const host = system.standIn
  if (!host) throw new Error('no media host')
  const { stream_key, playback_id, stream_id } = system.state.demo
  const publish = () => host.publish({ stream_key, protocol: 'srt', publisher_host: '192.0.2.1' })
  const terminate = async () => {
    const url = `${system.state.base_url}/streams/${stream_id}/terminate`
    const response = await fetch(url, { method: 'POST', headers: tenant() })
    return [response.status, await response.json()]
  }
  const publication = await publish()
  if (!publication.accepted) throw new Error(publication.reason)
  await expect.poll(async () => (await get(`/play/${playback_id}`)).status, { timeout: 15_000 }).toBe(307)
  expect(await terminate()).toMatchObject([202, { hosts: [{ status: 'done', reason: null }] }])
  expect(publication.publisher.session.connections).toBe(0)
  await expect.poll(async () => (await get(`/play/${playback_id}`)).status, { timeout: 15_000 }).toBe(404)
  await goLive(host, stream_key)
  host.finish()
}, 60_000)

test('a signed stream plays for who has a token of its tenant, through every door, and for nobody else', async () => {
  const host = system.standIn
  if (!host) throw new Error('no media host')
  const key = await make(CreatedSigningKey, '/signing-keys', { name: 'web' })
  const stream = await make(CreatedStream, '/streams', { title: 'Signed', playback_policy: 'signed' })
  const { stream_key, playback_id } = stream
  const publication = await host.publish({ stream_key, protocol: 'rtmp', publisher_host: '192.0.2.1' })
  expect(publication.accepted).toBe(true)
  const claims = new SignJWT({ sub: 'viewer', jti: 'one', playback_id, protocols: ['hls'] }).setExpirationTime('1m')
  claims.setProtectedHeader({ alg: 'ES256', kid: key.id })
  const token = await claims.sign(await importPKCS8(key.private_pem, 'ES256'))

  const play = (query: string) => get(`/play/${playback_id}${query}`)
  await expect.poll(async () => (await play(`?token=${token}`)).status, { timeout: 15_000 }).toBe(307)
  const location = (await play(`?token=${token}`)).headers.get('location') ?? ''
  expect(location).toBe(`${system.state.services.media_host}/hls/${playback_id}/index.m3u8?tkn=${token}`)
  expect(await (await fetch(location)).text()).toMatch(/^#EXTM3U/)
  expect(await (await play('')).json()).toMatchObject({ status: 403, code: 'token_required' })
  const bare = await fetch(location.replace(/\?.*/, ''))
  expect(await bare.text()).not.toMatch(/^#EXTM3U/)

  await make(z.object({ id: z.string() }), '/playback-revocations', { kind: 'token', subject: 'one' })
  const answer = () => trigger('PLAY_REWRITE', `${playback_id}\n192.0.2.9\nHLS\nhttp://h/x.m3u8?tkn=${token}`)
  expect((await answer()).headers.get('x-mist-trigger-reason')).toBe('token_revoked')
  host.finish()
}, 60_000)

test('a revocation ends who watches by what it revokes, and nobody else', async () => {
  const host = system.standIn
  if (!host) throw new Error('no media host')
  const key = await make(CreatedSigningKey, '/signing-keys', { name: 'web' })
  const stream = await make(CreatedStream, '/streams', { title: 'Signed', playback_policy: 'signed' })
  const { stream_key, playback_id } = stream
  await goLive(host, stream_key)
  const tokenOf = async (sub: string) => {
    const claims = new SignJWT({ sub, jti: sub, playback_id }).setExpirationTime('10m')
    claims.setProtectedHeader({ alg: 'ES256', kid: key.id })
    return claims.sign(await importPKCS8(key.private_pem, 'ES256'))
  }
  const watch = async (sub: string) => {
    const token = await tokenOf(sub)
    const view = await host.view({ playback_id, protocol: 'mp4', viewer_host: '192.0.2.7', token })
    if (!view.admitted) throw new Error(view.reason)
    let isOver = false
    void view.ended.then(() => {
      isOver = true
    })
    return { ...view, isOver: () => isOver }
  }
  const token = await tokenOf('first')
  await expect
    .poll(async () => (await get(`/play/${playback_id}?token=${token}`)).status, { timeout: 15_000 })
    .toBe(307)
  const [ann, bob] = [await watch('ann'), await watch('bob')]
  await make(z.object({ id: z.string() }), '/playback-revocations', { kind: 'viewer', subject: 'ann' })
  await expect.poll(ann.isOver, { timeout: 10_000 }).toBe(true)
  expect(bob.isOver()).toBe(false)
  const revoked = await fetch(`${system.state.base_url}/signing-keys/${key.id}`, {
    method: 'DELETE',
    headers: tenant(),
  })
  expect(revoked.status).toBe(204)
  await expect.poll(bob.isOver, { timeout: 10_000 }).toBe(true)
  host.finish()
}, 60_000)

test('a live stream follows what becomes of its push targets', async () => {
  const host = system.standIn
  if (!host) throw new Error('no media host')
  const { stream_key, playback_id, stream_id } = system.state.demo
  await goLive(host, stream_key)
  await expect.poll(async () => (await get(`/play/${playback_id}`)).status, { timeout: 15_000 }).toBe(307)
  const pushes = async () => {
    const { push_list } = await callApi(host, { push_list: true })
    return z
      .array(z.array(z.unknown()))
      .parse(push_list ?? [])
      .map(([, , target]) => target)
  }
  const targets = `/streams/${stream_id}/push-targets`
  // By address, as no name leads anywhere here; the stand-in lists pushes and sends nothing.
  const [first, second] = ['rtmp://8.8.8.8/app/first', 'rtmp://8.8.8.8/app/second']
  const { id } = await make(PushTarget, targets, { name: 'Elsewhere', url: first })
  await expect.poll(pushes, { timeout: 10_000 }).toEqual([first])
  const change = (method: string, body?: object) =>
    fetch(`${system.state.base_url}${targets}/${id}`, {
      method,
      headers: { ...tenant(), 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
  expect((await change('PATCH', { url: second })).status).toBe(200)
  await expect.poll(pushes, { timeout: 10_000 }).toEqual([second])
  expect((await change('DELETE')).status).toBe(204)
  await expect.poll(pushes, { timeout: 10_000 }).toEqual([])
  host.finish()
}, 60_000)

test('who listens hears of the own streams within moments, and of no other tenant’s', async () => {
  const host = system.standIn
  if (!host) throw new Error('no media host')
  const { demo, operator, services } = system.state
  const listen = async (api_token: string) => {
    const headers = { authorization: `Bearer ${api_token}` }
    const issued = await fetch(`${system.state.base_url}/signalman/tickets`, { method: 'POST', headers })
    const { ticket } = IssuedTicket.parse(await issued.json())
    const listener = await listenAt(services.signalman ?? '', { ticket })
    onTestFinished(() => listener.close())
    listener.say({ type: 'subscribe', id: 'all' })
    await expect.poll(() => listener.frames.some(({ type }) => type === 'snapshot')).toBe(true)
    return listener
  }
  const [ours, theirs] = [await listen(demo.api_token), await listen(operator.api_token)]
  await goLive(host, demo.stream_key)
  const types = () =>
    ours.events().flatMap(({ stream_id, event_type }) => (stream_id === demo.stream_id ? event_type : []))
  await expect.poll(types, { timeout: 15_000 }).toEqual(expect.arrayContaining(['stream-ingest', 'track-list']))
  // Whose hosts they are hears how they do, and so listens well.
  await expect
    .poll(() => theirs.events().map(({ event_type }) => event_type), { timeout: 15_000 })
    .toContain('node-monitoring')
  expect(theirs.events().filter(({ stream_id }) => stream_id !== null)).toEqual([])
  host.finish()
}, 60_000)

test('a host that its operator drains gets no new viewers', async () => {
  const host = system.standIn
  if (!host) throw new Error('no media host')
  const { operator, demo } = system.state
  const authorization = `Bearer ${operator.api_token}`
  const nodes = await (await get('/nodes', { authorization })).json()
  const [{ id }] = z.object({ data: z.tuple([z.object({ id: z.string() })]) }).parse(nodes).data
  const setMode = (mode: string) =>
    fetch(`${system.state.base_url}/nodes/${id}`, {
      method: 'PATCH',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ mode }),
    })
  const play = async () => (await get(`/play/${demo.playback_id}`)).status
  await goLive(host, demo.stream_key)
  await expect.poll(play, { timeout: 15_000 }).toBe(307)
  expect((await setMode('draining')).status).toBe(200)
  await expect.poll(play, { timeout: HEALTH_INTERVAL_MS + 15_000 }).toBe(503)
  expect((await setMode('active')).status).toBe(200)
  host.finish()
}, 90_000)

test('services and the host show the metrics that dashboard and alerts are held to, and no others', async () => {
  const { helmsman, ...others } = system.state.services
  const shownAt = async (url = '') => {
    const response = await fetch(`${url}/metrics`)
    return response.ok ? [...(await response.text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name) : []
  }
  const registered = readRegistered()
  expect((await shownAt(helmsman)).sort()).toEqual(registered.helmsman)
  const functions = ['commodore', 'decklog', 'periscope_ingest', 'periscope_query', 'quartermaster']
  const shown = await Promise.all(functions.map((name) => shownAt(others[name])))
  expect([...new Set(shown.flat())].sort()).toEqual(registered.services)
})

test('operators see which services run', async () => {
  const authorization = `Bearer ${system.state.operator.api_token}`
  const running = async () => {
    const { data } = Page(ServiceInstance).parse(await (await get('/services', { authorization })).json())
    return data.map(({ service, base_url }) => [service, base_url.replace(/\/$/, '')])
  }
  const { commodore, decklog, foghorn, periscope_query, quartermaster, signalman } = system.state.services
  await expect.poll(running, { timeout: 10_000 }).toEqual([
    ['commodore', commodore],
    ['decklog', decklog],
    ['foghorn', foghorn],
    ['periscope-query', periscope_query],
    ['quartermaster', quartermaster],
    ['signalman', signalman],
  ])
})

describe('bad input is refused, denied, and told in the log', () => {
  const denied = (response: Response) => response.headers.get('x-mist-trigger-action')

  test.each([
    ['a wrong stream key', 'PUSH_REWRITE', 'rtmp://h/live/sk_wrong\n192.0.2.1\nsk_wrong'],
    ['a trigger with missing lines', 'PUSH_REWRITE', 'rtmp://h/live/x'],
    ['broken UTF-8', 'PUSH_REWRITE', new Uint8Array([0xff, 0xfe, 0x0a, 0x61, 0x0a, 0x62])],
    ['a body of 10 MB', 'PUSH_REWRITE', 'x'.repeat(10_000_000)],
    ['a view of nothing', 'PLAY_REWRITE', 'nothing\n192.0.2.1\nHLS\nhttp://h/hls/nothing/index.m3u8'],
  ])('%s', async (_, name, body) => {
    const response = await trigger(name, body)
    expect([200, 400, 413]).toContain(response.status)
    if (response.ok) expect(denied(response)).toBe('deny')
    expect(response.headers.get('x-mist-trigger-reason') ?? (await response.text())).not.toBe('')
  })

  test('a trigger that MistServer does not have', async () => {
    expect((await trigger('NO_SUCH_TRIGGER', 'x')).status).toBe(404)
  })

  test('an expired or foreign token, and a body of 10 MB', async () => {
    const expired = 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImNvbW1vZG9yZS54In0.eyJleHAiOjF9.c2ln'
    expect((await get('/streams', { authorization: `Bearer ${expired}` })).status).toBe(401)
    const huge = await fetch(`${system.state.base_url}/streams`, {
      method: 'POST',
      headers: { ...tenant(), 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'x'.repeat(10_000_000) }),
    })
    expect(huge.status).toBe(413)
    expect(await huge.json()).toMatchObject({ code: 'body_too_large' })
  })

  test('leaves everything running', async () => {
    for (const [name, url] of Object.entries(system.state.services)) {
      if (name !== 'media_host') expect((await fetch(`${url}/health`)).status, name).toBe(200)
    }
  })
})

test('no log line holds a secret', async () => {
  const { demo, operator, enrolment_token } = system.state
  const secrets = JSON.parse(await readFile(join(statePath, 'secrets.json'), 'utf8'))
  const words = [demo.stream_key, demo.password, demo.api_token, operator.api_token, enrolment_token]
  for (const word of [...words, secrets.postgres_password, secrets.keys.commodore.d]) {
    expect(logged.filter((line) => line.includes(word))).toEqual([])
  }
  expect(logged.length).toBeGreaterThan(100)
})

test('a second system on the same data or the same ports is refused in plain words', async () => {
  await expect(start()).rejects.toThrow(/already runs, at http/)
  await expect(requireFree(portsAt(portOffset))).rejects.toThrow(/Ports .*\(commodore\).* are taken/)
})

test(
  'data, accounts and keys outlive a restart',
  async () => {
    const before = (await readState(statePath))?.demo
    await system[Symbol.asyncDispose]()
    expect(await readState(statePath)).toBeUndefined()
    system = await start()
    expect(system.state.demo).toEqual(before)
    expect((await get(`/streams/${system.state.demo.stream_id}`, tenant())).status).toBe(200)
  },
  START_TIMEOUT_MS,
)
