import { expect, test } from 'vitest'
import { HEARTBEAT_STREAMS_MAX, type Heartbeat } from '../../../shared/contract/foghorn.ts'
import { CLUSTER_HOSTS_MAX, HOST_FORGET_MS } from '../nodes/limits.ts'
import type { Charge, ChargeBatch, Recent, Refresh } from '../pictures/snapshot.ts'
import { clusterId, heartbeat, live, nodeId } from '../testing/hosts.ts'
import { ClusterState } from './cluster-state.ts'
import { CHARGE_LIFE_MS, CLUSTER_STREAMS_MAX, HELD_OUT_MAX, ISOLATES_MAX, RECENT_MAX, REMOVED_MAX } from './limits.ts'

const BYTES = 100_000

function openState(hosts = 1): ClusterState {
  const state = new ClusterState('one', { hosts: [], held_out: [], weights: null })
  for (let host = 0; host < hosts; host++) state.beat(nodeId(host), heartbeat(), 0)
  return state
}

function batch(number: number, changes: Partial<ChargeBatch> = {}): ChargeBatch {
  return { number, age_ms: 0, charges: [], recent: [], ...changes }
}

function charge(viewers: number): Charge {
  return { node_id: nodeId(0), viewers, bytes_per_second: viewers * BYTES }
}

function tell(state: ClusterState, now_ms: number, changes: Partial<Refresh> = {}) {
  return state.refresh({ isolate_id: 'an isolate', epoch: 'one', version: 0, batches: [], ...changes }, now_ms)
}

/** Viewers of each host who are under way. */
function pending(state: ClusterState, now_ms: number): number[] {
  return state.overview(now_ms).hosts.map(({ pending_viewers }) => pending_viewers)
}

/** A heartbeat with so many viewers of each of two streams. */
function watched(one: number, two: number, changes: Partial<Heartbeat> = {}): Heartbeat {
  const streams = [
    { ...live('live+one'), viewers: one },
    { ...live('live+two'), viewers: two },
  ]
  return heartbeat({ streams, ...changes })
}

test('viewers who are under way count until the host shows more of them, those first who were sent first', () => {
  const state = openState()
  state.beat(nodeId(0), watched(10, 0), 0)
  tell(state, 1_000, { batches: [batch(1, { charges: [charge(4)] })] })
  tell(state, 9_000, { batches: [batch(2, { charges: [charge(6)] })] })
  expect(pending(state, 9_000)).toEqual([10])
  state.beat(nodeId(0), watched(15, 0), 9_000)
  expect(pending(state, 9_000)).toEqual([5])
  // What was sent at first is settled, so nothing expires with it.
  expect(pending(state, 1_000 + CHARGE_LIFE_MS + 1_000)).toEqual([5])
  expect(pending(state, 9_000 + CHARGE_LIFE_MS + 1_000)).toEqual([0])
})

test('viewers who leave one stream do not hide those who came to another, and nobody arrives twice', () => {
  const state = openState()
  state.beat(nodeId(0), watched(10, 0), 0)
  tell(state, 0, { batches: [batch(1, { charges: [charge(8)] })] })
  state.beat(nodeId(0), watched(3, 7), 5_000)
  expect(pending(state, 5_000)).toEqual([1])
  state.beat(nodeId(0), watched(3, 7), 10_000)
  expect(pending(state, 10_000)).toEqual([1])
})

test('a host that tells its viewers as a whole is believed', () => {
  const state = openState()
  state.beat(nodeId(0), heartbeat({ viewers: 100 }), 0)
  tell(state, 0, { batches: [batch(1, { charges: [charge(8)] })] })
  state.beat(nodeId(0), heartbeat({ viewers: 105 }), 5_000)
  expect(pending(state, 5_000)).toEqual([3])
})

test('what a settled viewer was charged is taken off', () => {
  const state = openState()
  tell(state, 0, { batches: [batch(1, { charges: [charge(4)] })] })
  state.beat(nodeId(0), heartbeat({ viewers: 1 }), 0)
  expect(state.overview(0).hosts).toMatchObject([{ pending_viewers: 3, pending_bytes_per_second: 3 * BYTES }])
})

test('a batch that is told twice counts once, and one that waited too long counts no more', () => {
  const state = openState()
  const first = batch(1, { charges: [charge(2)] })
  expect(tell(state, 0, { batches: [first] }).counted).toBe(1)
  expect(tell(state, 0, { batches: [first, batch(2, { charges: [charge(3)] })] }).counted).toBe(2)
  expect(pending(state, 0)).toEqual([5])
  tell(state, 0, { batches: [batch(3, { age_ms: CHARGE_LIFE_MS + 1_000, charges: [charge(7)] })] })
  expect(pending(state, 0)).toEqual([5])
  expect(tell(state, 0, { isolate_id: 'another', batches: [first] }).counted).toBe(1)
  expect(pending(state, 0)).toEqual([7])
})

test('so many isolates are told apart, the most silent being forgotten first', () => {
  const state = openState()
  const first = batch(1, { charges: [charge(1)] })
  for (let isolate = 0; isolate < ISOLATES_MAX; isolate++) tell(state, 0, { isolate_id: String(isolate) })
  tell(state, 0, { isolate_id: '0', batches: [first] })
  tell(state, 0, { isolate_id: 'one more' })
  tell(state, 0, { isolate_id: '0', batches: [first] })
  expect(pending(state, 0)).toEqual([1])
})

test('charges of a host that is not there are nobody’s', () => {
  const state = openState()
  tell(state, 0, { batches: [batch(1, { charges: [{ ...charge(1), node_id: nodeId(9) }] })] })
  state.beat(nodeId(9), heartbeat(), 0)
  expect(pending(state, 0)).toEqual([0, 0])
})

test('a cluster takes only so many hosts, and another when one was silent for long', () => {
  const state = openState(CLUSTER_HOSTS_MAX)
  expect(state.beat(nodeId(CLUSTER_HOSTS_MAX), heartbeat(), 0)).toBe('cluster_full')
  expect(state.beat(nodeId(1), heartbeat(), HOST_FORGET_MS)).toEqual(heartbeat())
  expect(state.forget(HOST_FORGET_MS + 1)).toHaveLength(CLUSTER_HOSTS_MAX - 1)
  expect(state.beat(nodeId(CLUSTER_HOSTS_MAX), heartbeat(), HOST_FORGET_MS + 1)).toMatchObject({
    host: expect.any(String),
  })
})

test('a cluster keeps only so many streams of its hosts together, and counts the viewers of all', () => {
  const state = openState(0)
  const streams = (host: number) =>
    Array.from({ length: HEARTBEAT_STREAMS_MAX }, (_, n) => ({ ...live(`live+${host}-${n}`), viewers: 1 }))
  const hosts = CLUSTER_STREAMS_MAX / HEARTBEAT_STREAMS_MAX
  for (let host = 0; host < hosts; host++) state.beat(nodeId(host), heartbeat({ streams: streams(host) }), 0)
  const late = state.beat(nodeId(hosts), heartbeat({ streams: streams(hosts) }), 0)
  expect(late).toMatchObject({ streams: [] })
  expect(state.overview(0).hosts.at(-1)?.viewers).toBe(HEARTBEAT_STREAMS_MAX)
  state.beat(nodeId(0), heartbeat({ streams: streams(0).slice(1) }), 0)
  expect(state.beat(nodeId(hosts), heartbeat({ streams: streams(hosts) }), 0)).toMatchObject({ streams: [{}] })
})

test('an isolate with a picture from before more hosts were forgotten than are remembered gets everything', () => {
  const state = openState(REMOVED_MAX)
  const { version } = tell(state, 0)
  state.forget(HOST_FORGET_MS + 1)
  const known = tell(state, 0, { version })
  expect(known.whole).toBe(false)
  expect(known.removed).toHaveLength(REMOVED_MAX)
  state.beat(nodeId(REMOVED_MAX), heartbeat(), 0)
  state.forget(HOST_FORGET_MS + 1)
  expect(tell(state, 0, { version }).whole).toBe(true)
  expect(tell(state, 0, { version: known.version })).toMatchObject({ whole: false, removed: [nodeId(REMOVED_MAX)] })
})

test('hosts are held out by id or address and taken back, and unknown ones are not found', () => {
  const state = openState(2)
  state.beat(nodeId(1), heartbeat({ host: 'edge2.example' }), 0)
  const held = () => state.overview(0).hosts.map(({ held_out }) => held_out)
  expect(state.hold('edge2.example', true)).toEqual([nodeId(1)])
  expect(held()).toEqual([false, true])
  expect(state.hold(nodeId(1), false)).toEqual([nodeId(1)])
  expect(held()).toEqual([false, false])
  expect(state.hold('edge9.example', true)).toEqual([])
})

test('only so many hosts stay held out, the newest', () => {
  const held_out = Array.from({ length: HELD_OUT_MAX }, (_, n) => nodeId(n))
  const state = new ClusterState('one', { hosts: [], held_out, weights: null })
  state.beat(nodeId(0), heartbeat(), 0)
  state.beat(nodeId(HELD_OUT_MAX), heartbeat(), 0)
  state.hold(nodeId(HELD_OUT_MAX), true)
  expect(state.overview(0).hosts.map((host) => host.held_out)).toEqual([false, true])
})

test('the newest decisions are kept for people to look at', () => {
  const state = openState()
  const refused = (number: number): Recent => ({
    outcome: 'refused',
    cluster_id: clusterId(1),
    want: 'play',
    stream: `live+${number}`,
    playback_id: null,
    at_ms: number,
    protocol: 'hls',
    reason: 'bandwidth_full',
  })
  for (let number = 1; number <= RECENT_MAX + 1; number++) {
    tell(state, 0, { batches: [batch(number, { recent: [refused(number)] })] })
  }
  const { recent } = state.overview(0)
  expect(recent).toHaveLength(RECENT_MAX)
  expect([recent[0]?.at_ms, recent.at(-1)?.at_ms]).toEqual([2, RECENT_MAX + 1])
})
