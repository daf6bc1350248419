import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../shared/clock.ts'
import { IngestAnswer, PlayAnswer } from '../../shared/contract/foghorn.ts'
import { createServiceTokens, createSigner } from '../../shared/identity/signer.ts'
import { newId } from '../../shared/ids.ts'
import { createLog } from '../../shared/log.ts'
import { randomCode } from '../../shared/random.ts'
import { createIdentities } from '../../shared/testing/identities.ts'
import { type CommodoreDoor, startCommodore } from '../../stacks/local/edge/testing/control-plane.ts'
import { createApi } from './api.ts'
import { ClusterState } from './cluster/cluster-state.ts'
import { DEFAULT_WEIGHTS } from './decision/weights.ts'
import { createAllowance } from './ingest/allowance.ts'
import { createFleets, PICTURE_STALE_MAX_MS, PICTURE_USABLE_MS } from './pictures/fleets.ts'
import type { Choice } from './pictures/snapshot.ts'
import { createVerdicts } from './play/verdicts.ts'
import { heartbeat, live } from './testing/hosts.ts'

let commodore: CommodoreDoor
let token: () => Promise<string>
beforeAll(async () => {
  const identities = await createIdentities(systemClock)
  commodore = await startCommodore(identities)
  token = createServiceTokens(createSigner(identities.keyOf('foghorn'), systemClock), 'commodore', systemClock)
})
afterAll(() => commodore.down())

/** The doors before one cluster, which the test can take away as no local runtime can, with one live stream on it. */
function openDoors() {
  const [clusterId, internal, playbackId, key] = [newId('cluster'), randomCode(20), randomCode(16), randomCode(32)]
  const names = { internal_name: internal, runtime_name: `live+${internal}`, playback_id: playbackId }
  const stream = { allowed: true as const, tenant_id: newId('tenant'), stream_id: newId('stream'), ...names }
  commodore.verdicts.set(playbackId, { ...stream, cluster_ids: [clusterId] })
  commodore.publishers.set(key, { ...stream, record: false, dvr: false, cluster_ids: [clusterId] })
  const state = new ClusterState('epoch', { hosts: [], held_out: [], weights: null })
  const opened = {
    playbackId,
    key,
    now_ms: Date.now(),
    away: false,
    sent: [] as Choice[],
    get: async (path: string, init?: RequestInit) =>
      app.fetch(new Request(`http://foghorn.test${path}`, init), {}, context),
  }
  state.beat(newId('node'), heartbeat({ host: 'e.example', streams: [live(names.runtime_name)] }), opened.now_ms)
  const clock = () => new Date(opened.now_ms)
  const client = { service: 'commodore', baseUrl: new URL(commodore.url), token }
  const refresh = async (_: string, asked: Parameters<ClusterState['refresh']>[0]) => {
    if (opened.away) throw new Error('away')
    return state.refresh(asked, opened.now_ms)
  }
  const never = () => Promise.reject(new TypeError('is not asked'))
  const fleets = createFleets({ clusters: { refresh }, clock, weights: DEFAULT_WEIGHTS })
  const app = createApi({
    log: createLog('foghorn'),
    clock,
    admit: async () => undefined,
    authenticate: async () => ({ kind: 'anonymous' }),
    deps: {
      verdicts: createVerdicts(client, clock),
      clusters: {
        refresh,
        beat: never,
        overview: never,
        setWeights: never,
        hold: never,
        command: never,
        channel: never,
      },
      fleets: {
        ...fleets,
        sent: (choice, defer) => {
          opened.sent.push(choice)
          fleets.sent(choice, defer)
        },
      },
      decisions: { add: () => undefined },
      cold: 'allow',
      commodore: client,
      quartermaster: client,
      weights: DEFAULT_WEIGHTS,
      ownedClusters: never,
      allowance: createAllowance(clock),
      front: 0,
    },
  })
  const context = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} }
  return opened
}

test('a picture that is old because its cluster is away is said to be, in the answer and in a header', async () => {
  const opened = openDoors()
  const { playbackId, key, get } = opened
  const json = { headers: { accept: 'application/json' } }
  const fresh = await get(`/play/${playbackId}`, json)
  expect([PlayAnswer.parse(await fresh.json()).stale_ms, fresh.headers.get('x-stale-ms')]).toEqual([0, null])
  opened.away = true
  opened.now_ms += PICTURE_USABLE_MS
  const stale = await get(`/play/${playbackId}`, json)
  expect(PlayAnswer.parse(await stale.json()).stale_ms).toBe(PICTURE_USABLE_MS)
  expect(stale.headers.get('x-stale-ms')).toBe(String(PICTURE_USABLE_MS))
  const sent = await get(`/play/${playbackId}`)
  expect([sent.status, sent.headers.get('x-stale-ms')]).toEqual([307, String(PICTURE_USABLE_MS)])
  const publisher = await get(`/ingest/${key}`)
  expect(IngestAnswer.parse(await publisher.json()).stale_ms).toBe(PICTURE_USABLE_MS)
  expect(publisher.headers.get('x-stale-ms')).toBe(String(PICTURE_USABLE_MS))
  opened.now_ms += PICTURE_STALE_MAX_MS
  expect((await get(`/play/${playbackId}`)).status).toBe(503)
})

test('who is sent to a host, or told of it, is charged to it; who only asks whether there is one is not', async () => {
  const { playbackId, key, get, sent } = openDoors()
  for (const path of [`/play/${playbackId}`, `/${playbackId}`, `/${playbackId}?proto=HLS`, `/ingest/${key}`]) {
    expect((await get(path, { method: 'HEAD' })).status, path).toBeLessThan(400)
    expect(sent, path).toEqual([])
    expect((await get(path)).status, path).toBeLessThan(400)
    expect(sent.splice(0), path).toMatchObject([
      { playback_id: playbackId, want: path.startsWith('/ingest') ? 'ingest' : 'play' },
    ])
  }
})
