import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { type Client, call } from '../../../shared/client/client.ts'
import { authorizeIngest, authorizePlayback, type CreatedStream } from '../../../shared/contract/commodore.ts'
import { setTenantStatus } from '../../../shared/contract/quartermaster.ts'
import { configureLog } from '../../../shared/log.ts'
import { refusal, send } from '../../../shared/testing/api.ts'
import type { Tenancy } from '../../quartermaster/testing/quartermaster.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'
import { ROUTING_DENIAL_FRESH_MS, ROUTING_FRESH_MS, ROUTING_STALE_MS } from './routing.ts'

const lines: string[] = []
let door: TestCommodore
let ann: Account
let stream: z.infer<typeof CreatedStream>
let platformCluster: string
let platform: Tenancy

beforeAll(async () => {
  configureLog({ pretty: false, level: 'debug', write: (line) => lines.push(line) })
  door = await openCommodore()
  platform = await door.quartermaster.tenant('platform')
  platformCluster = (await door.quartermaster.cluster(platform, 'platform')).id
  ann = await door.account('ann')
  stream = await door.stream(ann)
})
afterAll(() => door[Symbol.asyncDispose]())
afterEach(() => door.cutOff(false))

const nodeOf = (clusterId: string): Client => ({
  ...door.clientOf('foghorn'),
  token: () => door.quartermaster.identities.node(clusterId),
})
const publish = (stream_key: string, client = nodeOf(platformCluster)) =>
  call(client, authorizeIngest, { stream_key, protocol: 'rtmp', publisher_host: '192.0.2.1' })
const play = (names: { playback_id?: string; runtime_name?: string }, client = nodeOf(platformCluster)) =>
  call(client, authorizePlayback, names)
const denied = (reason: string) => ({ allowed: false, reason })

const names = () => ({
  tenant_id: ann.tenant_id,
  stream_id: stream.id,
  internal_name: stream.internal_name,
  runtime_name: `live+${stream.internal_name}`,
  playback_id: stream.playback_id,
})

test('a media host learns the names of the stream that a key publishes to', async () => {
  expect(await publish(stream.stream_key)).toEqual({
    allowed: true,
    ...names(),
    record: false,
    dvr: false,
    push_targets: [],
  })
})

test('Foghorn learns where a key may publish, and not where the stream is sent on to', async () => {
  const clusters = { cluster_ids: [platformCluster] }
  expect(await publish(stream.stream_key, door.clientOf('foghorn'))).toEqual({
    allowed: true,
    ...names(),
    record: false,
    dvr: false,
    ...clusters,
  })
})

test('a stream is played by its playback id in any case, or by its runtime name', async () => {
  const allowed = { allowed: true, ...names(), cluster_ids: [platformCluster] }
  expect(await play({ playback_id: stream.playback_id })).toEqual(allowed)
  expect(await play({ playback_id: stream.playback_id.toUpperCase() })).toEqual(allowed)
  expect(await play({ runtime_name: `live+${stream.internal_name}` })).toEqual(allowed)
  expect(await play({ playback_id: stream.playback_id }, door.clientOf('foghorn'))).toEqual(allowed)
})

test('what nobody knows is denied, however strange it looks', async () => {
  for (const strange of ['', ' ', '\0', 'x'.repeat(256), "'; drop table streams", 'live+', '\ud800', 'a,b']) {
    expect(await publish(strange)).toEqual(denied('unknown_key'))
    expect(await play({ playback_id: strange })).toEqual(denied('unknown_playback_id'))
    expect(await play({ runtime_name: strange })).toEqual(denied('unknown_stream'))
  }
  expect(await play({ playback_id: stream.internal_name })).toEqual(denied('unknown_playback_id'))
  expect(await play({ runtime_name: stream.internal_name })).toEqual(denied('unknown_stream'))
  expect(await play({ runtime_name: `live+${stream.playback_id}` })).toEqual(denied('unknown_stream'))
  expect(await publish(stream.id)).toEqual(denied('unknown_key'))
})

test('a request that names no stream, or two, is malformed', async () => {
  const token = await door.quartermaster.identities.node(platformCluster)
  for (const body of [{}, { playback_id: 'a', runtime_name: 'b' }]) {
    expect(await refusal(send(door, 'POST /playback/authorize', { token, body }))).toBe('400 invalid_input')
  }
})

test('a disabled stream is neither published to nor played, a deleted one is not known', async () => {
  const other = await door.stream(ann)
  await send(door, `PATCH /streams/${other.id}`, { token: ann.token, body: { enabled: false } })
  expect(await publish(other.stream_key)).toEqual(denied('stream_disabled'))
  expect(await play({ playback_id: other.playback_id })).toEqual(denied('stream_disabled'))
  await send(door, `DELETE /streams/${other.id}`, { token: ann.token })
  expect(await publish(other.stream_key)).toEqual(denied('unknown_key'))
  expect(await play({ playback_id: other.playback_id })).toEqual(denied('unknown_playback_id'))
})

test('a host of a private cluster serves that cluster’s tenant alone', async () => {
  const owner = { ...(await door.quartermaster.tenant('Owner')), token: ann.token, id: ann.tenant_id }
  const stranger = await door.quartermaster.cluster(await door.quartermaster.tenant('Stranger'))
  expect(await publish(stream.stream_key, nodeOf(stranger.id))).toEqual(denied('cluster_not_entitled'))
  expect(await play({ playback_id: stream.playback_id }, nodeOf(stranger.id))).toEqual(denied('cluster_not_entitled'))
  const own = await door.quartermaster.cluster(owner)
  door.quartermaster.pass(ROUTING_FRESH_MS / 1000 + 1)
  expect(await play({ playback_id: stream.playback_id }, nodeOf(own.id))).toMatchObject({
    allowed: true,
    cluster_ids: [own.id, platformCluster],
  })
})

describe('a suspended tenant', () => {
  test('is denied once the last answer is no longer fresh, and let in again', async () => {
    const bob = await door.account('bob')
    const { stream_key, playback_id } = await door.stream(bob)
    const purser: Client = {
      service: 'quartermaster',
      baseUrl: new URL('http://quartermaster.test'),
      token: () => door.quartermaster.identities.service('purser', 'quartermaster'),
      fetch: door.quartermaster.fetch,
    }
    const set = (status: 'active' | 'unpaid' | 'suspended') =>
      call(purser, setTenantStatus, { tenant_id: bob.tenant_id, status })
    expect(await publish(stream_key)).toMatchObject({ allowed: true })
    await set('unpaid')
    door.quartermaster.pass(ROUTING_FRESH_MS / 1000 + 1)
    expect(await publish(stream_key)).toEqual(denied('payment_required'))
    await set('suspended')
    door.quartermaster.pass(ROUTING_FRESH_MS / 1000 + 1)
    expect(await publish(stream_key)).toEqual(denied('tenant_suspended'))
    expect(await play({ playback_id })).toEqual(denied('tenant_suspended'))
    await set('active')
    door.quartermaster.pass(ROUTING_DENIAL_FRESH_MS / 1000)
    expect(await publish(stream_key)).toMatchObject({ allowed: true })
  })
})

test('a cluster that was made a moment ago counts at once, and who may not is not asked about for every knock', async () => {
  const dora = await door.account('dora')
  const { stream_key } = await door.stream(dora)
  await publish(stream_key)
  const own = await door.quartermaster.cluster({ ...platform, id: dora.tenant_id, token: dora.token })
  expect(await publish(stream_key, nodeOf(own.id))).toMatchObject({ allowed: true })
  const stranger = await door.quartermaster.cluster(await door.quartermaster.tenant('Stranger'))
  const asked = door.asked()
  for (let knock = 0; knock < 5; knock++)
    expect(await publish(stream_key, nodeOf(stranger.id))).toEqual(denied('cluster_not_entitled'))
  expect(door.asked() - asked).toBe(1)
  door.quartermaster.pass(ROUTING_DENIAL_FRESH_MS / 1000)
  await publish(stream_key, nodeOf(stranger.id))
  expect(door.asked() - asked).toBe(2)
})

test('a stream made right after its tenant, before any cluster, is served by one that is made then', async () => {
  await using other = await openCommodore()
  const eve = await other.account('eve')
  const { stream_key, playback_id } = await other.stream(eve)
  const operator = await other.quartermaster.tenant('platform')
  const nodeIn = (clusterId: string): Client => ({
    ...other.clientOf('foghorn'),
    token: () => other.quartermaster.identities.node(clusterId),
  })
  const kinds = [
    () => other.quartermaster.cluster(operator, 'platform'),
    () => other.quartermaster.cluster({ ...operator, id: eve.tenant_id, token: eve.token }),
  ]
  for (const make of kinds) {
    const { id } = await make()
    expect(await publish(stream_key, nodeIn(id))).toMatchObject({ allowed: true })
    expect(await play({ playback_id }, other.clientOf('foghorn'))).toMatchObject({
      allowed: true,
      cluster_ids: expect.arrayContaining([id]),
    })
  }
})

describe('while Quartermaster is away', () => {
  test('known tenants go on, for ten minutes', async () => {
    door.quartermaster.pass(ROUTING_FRESH_MS / 1000 + 1)
    await publish(stream.stream_key)
    door.cutOff(true)
    door.quartermaster.pass(ROUTING_STALE_MS / 1000 - 1)
    expect(await publish(stream.stream_key)).toMatchObject({ allowed: true })
    door.quartermaster.pass(ROUTING_FRESH_MS / 1000 + 1)
    await expect(publish(stream.stream_key)).rejects.toMatchObject({ kind: 'unavailable', retry: true })
  })

  test('an unknown tenant is neither let in nor denied: the host asks again', async () => {
    const cat = await door.account('cat')
    const { stream_key } = await door.stream(cat)
    door.quartermaster.pass(ROUTING_STALE_MS / 1000 + 1)
    door.cutOff(true)
    await expect(publish(stream_key)).rejects.toMatchObject({ kind: 'unavailable', retry: true })
    door.cutOff(false)
    expect(await publish(stream_key)).toMatchObject({ allowed: true })
  })
})

test('a denial is logged with its reason and never with the key', async () => {
  lines.splice(0)
  const guess = `sk_${'z'.repeat(32)}`
  await publish(guess)
  expect(lines.join()).toContain('unknown_key')
  expect(lines.join()).not.toContain(guess)
})
