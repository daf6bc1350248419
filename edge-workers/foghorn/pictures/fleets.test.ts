import { expect, test } from 'vitest'
import { ClusterState } from '../cluster/cluster-state.ts'
import { CHARGE_LIFE_MS } from '../cluster/limits.ts'
import { VIEWER_BYTES_DEFAULT } from '../decision/usage.ts'
import { DEFAULT_WEIGHTS } from '../decision/weights.ts'
import { heartbeat, nodeId } from '../testing/hosts.ts'
import {
  CLUSTER_PAUSE_MS,
  CLUSTERS_PER_DECISION_MAX,
  createFleets,
  PICTURE_FRESH_MS,
  PICTURE_STALE_MAX_MS,
  PICTURE_USABLE_MS,
  TELL_AFTER_MS,
} from './fleets.ts'
import type { Choice } from './snapshot.ts'

const HEARD_MS = 9_600

/** What is known of clusters, which the test can take away as no local runtime can, and isolates that ask for it. */
function openClusters() {
  const states = new Map<string, ClusterState>()
  const away = new Set<string>()
  const asked: string[] = []
  let now_ms = 0
  let held: Promise<void> | undefined
  const stateOf = (clusterId: string) => {
    const state = states.get(clusterId) ?? new ClusterState(clusterId, { hosts: [], held_out: [], weights: null })
    states.set(clusterId, state)
    return state
  }
  const openIsolate = () => {
    const timers: (() => void)[] = []
    const deferred: Promise<unknown>[] = []
    const fleets = createFleets({
      clusters: {
        refresh: async (clusterId, refresh) => {
          asked.push(clusterId)
          await held
          if (away.has(clusterId)) throw new Error('away')
          return stateOf(clusterId).refresh(refresh, now_ms)
        },
      },
      clock: () => new Date(now_ms),
      weights: DEFAULT_WEIGHTS,
      wait: () => new Promise((resolve) => timers.push(resolve)),
    })
    const defer = (work: Promise<unknown>) => deferred.push(work)
    const get = (...clusterIds: string[]) => fleets.get(clusterIds, defer)
    return {
      get,
      hosts: async (...clusterIds: string[]) => {
        const { fleets: seen } = await get(...clusterIds)
        return seen.flatMap(({ hosts, columns }) =>
          hosts.flatMap((host, slot) => (host ? [{ ...host, seen_at_ms: columns.seen_at_ms[slot] }] : [])),
        )
      },
      /** Bytes per second that count as under way to a host. */
      charged: async (clusterId: string, node_id: string) => {
        const { fleets: seen } = await get(clusterId)
        const [fleet] = seen
        const slot = fleet?.slotOf(node_id) ?? -1
        return (fleet?.columns.pending[slot] ?? 0) + (fleet?.columns.own[slot] ?? 0)
      },
      sent: (choice: Choice) => fleets.sent(choice, defer),
      /** Ends all waiting, and what follows from it. */
      wake: async () => {
        for (const resolve of timers.splice(0)) resolve()
        await Promise.all(deferred.splice(0))
      },
    }
  }
  return {
    away,
    asked,
    /** Answers nothing until the returned function is called. */
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
    stateOf,
    openIsolate,
    pass: (ms: number) => {
      now_ms += ms
    },
    beat: (clusterId: string) => stateOf(clusterId).beat(nodeId(Number(clusterId)), heartbeat(), now_ms),
  }
}

/** One cluster with one host, last heard at `HEARD_MS`, and an isolate that has seen it 400 ms later. */
async function openOne() {
  const clusters = openClusters()
  clusters.pass(HEARD_MS)
  clusters.beat('1')
  clusters.pass(400)
  const isolate = clusters.openIsolate()
  await isolate.get('1')
  return { ...clusters, ...isolate }
}

function choice(changes: Partial<Choice> = {}): Choice {
  const chosen = { cluster_id: '1', node_id: nodeId(1), want: 'play', stream: 'live+one', playback_id: 'one' } as const
  return { ...chosen, at_ms: 0, score: 0, parts: {}, distance_km: null, protocol: 'hls', ...changes }
}

test('a cluster is asked again when its picture is no longer fresh, and nobody waits for that', async () => {
  const { hosts, asked, pass, beat, wake, hold } = await openOne()
  expect((await hosts('1')).map(({ seen_at_ms }) => seen_at_ms)).toEqual([HEARD_MS])
  pass(PICTURE_FRESH_MS - 1)
  await hosts('1')
  expect(asked).toEqual(['1'])
  pass(1)
  beat('1')
  const release = hold()
  expect((await hosts('1')).map(({ seen_at_ms }) => seen_at_ms)).toEqual([HEARD_MS])
  release()
  await wake()
  expect(asked).toEqual(['1', '1'])
  expect((await hosts('1')).map(({ seen_at_ms }) => seen_at_ms)).toEqual([11_000])
})

test('a picture that is too old to use is waited for', async () => {
  const { hosts, pass, beat } = await openOne()
  pass(PICTURE_USABLE_MS)
  beat('1')
  expect((await hosts('1')).map(({ seen_at_ms }) => seen_at_ms)).toEqual([15_000])
})

test('while a cluster is out of reach its picture stands still, says so, and ends', async () => {
  const { get, away, pass, asked } = await openOne()
  away.add('1')
  pass(60_000)
  const stale = await get('1')
  expect(stale.stale_ms).toBe(60_000)
  expect(stale.fleets.map(({ frozen_at_ms }) => frozen_at_ms)).toEqual([10_000])
  pass(CLUSTER_PAUSE_MS - 1)
  await get('1')
  expect(asked).toHaveLength(2)
  pass(PICTURE_STALE_MAX_MS - 60_000 - CLUSTER_PAUSE_MS)
  expect((await get('1')).stale_ms).toBe(PICTURE_STALE_MAX_MS - 1)
  pass(1)
  await expect(get('1')).rejects.toMatchObject({ kind: 'unavailable', reason: 'cluster_unavailable' })
  away.clear()
  const back = await get('1')
  expect(back.stale_ms).toBe(0)
  expect(back.fleets.map(({ frozen_at_ms }) => frozen_at_ms)).toEqual([Number.POSITIVE_INFINITY])
})

test('a cluster that was never seen is done without while another is there', async () => {
  const { away, beat, openIsolate } = openClusters()
  const { hosts, get } = openIsolate()
  away.add('1')
  beat('2')
  expect((await hosts('1', '2')).map(({ node_id }) => node_id)).toEqual([nodeId(2)])
  await expect(get('1')).rejects.toMatchObject({ reason: 'cluster_unavailable' })
})

test('a tenant with many clusters has only the preferred ones asked', async () => {
  const { openIsolate, asked } = openClusters()
  await openIsolate().get(...Array.from({ length: CLUSTERS_PER_DECISION_MAX + 1 }, (_, index) => String(index)))
  expect(asked).toHaveLength(CLUSTERS_PER_DECISION_MAX)
  expect(asked).not.toContain(String(CLUSTERS_PER_DECISION_MAX))
})

test('whom one isolate sends counts there at once, and everywhere when the cluster has been told', async () => {
  const { charged, sent, wake, pass, openIsolate, asked } = await openOne()
  const other = openIsolate()
  await other.get('1')
  for (let viewer = 0; viewer < 3; viewer++) sent(choice())
  expect(await charged('1', nodeId(1))).toBe(3 * VIEWER_BYTES_DEFAULT)
  expect(await other.charged('1', nodeId(1))).toBe(0)
  pass(TELL_AFTER_MS)
  await wake()
  expect(asked).toHaveLength(3)
  expect(await charged('1', nodeId(1))).toBe(3 * VIEWER_BYTES_DEFAULT)
  await other.get('1')
  await other.wake()
  expect(await other.charged('1', nodeId(1))).toBe(3 * VIEWER_BYTES_DEFAULT)
  pass(CHARGE_LIFE_MS + 1_000)
  expect(await other.charged('1', nodeId(1))).toBe(0)
})

test('a publisher takes no bandwidth out of a host, and is told of', async () => {
  const { charged, sent, wake, stateOf } = await openOne()
  sent(choice({ want: 'ingest', protocol: 'srt' }))
  expect(await charged('1', nodeId(1))).toBe(0)
  await wake()
  expect(stateOf('1').overview(0).recent).toMatchObject([{ outcome: 'sent', want: 'ingest', node_id: nodeId(1) }])
})

test('whom a cluster could not be told of goes on counting, and is told later', async () => {
  const { charged, sent, wake, pass, away, stateOf } = await openOne()
  away.add('1')
  sent(choice())
  pass(TELL_AFTER_MS)
  await wake()
  expect(await charged('1', nodeId(1))).toBe(VIEWER_BYTES_DEFAULT)
  away.clear()
  pass(CLUSTER_PAUSE_MS)
  expect(await charged('1', nodeId(1))).toBe(VIEWER_BYTES_DEFAULT)
  expect(stateOf('1').overview(16_000).hosts).toMatchObject([{ pending_viewers: 1 }])
})
