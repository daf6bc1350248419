import { serialize } from 'node:v8'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Weights } from '../../../shared/contract/foghorn.ts'
import { Fleet } from '../decision/fleet.ts'
import { DEFAULT_WEIGHTS } from '../decision/weights.ts'
import { HOST_FORGET_MS } from '../nodes/limits.ts'
import { Picture } from '../pictures/picture.ts'
import type { Choice, Snapshot } from '../pictures/snapshot.ts'
import { clusterId, heartbeat, largeCluster, live, nodeId } from '../testing/hosts.ts'
import { show } from '../testing/show.ts'
import { ClusterState, type Kept } from './cluster-state.ts'
import { CHARGE_LIFE_MS } from './limits.ts'

const STREAMS = ['live+one', 'live+two', 'live+three']
const HOSTS = 4
const ISOLATES = 3
const SNAPSHOT_BYTES_MAX = 8 * 1024 * 1024

const node = fc.nat(HOSTS - 1)
const isolate = fc.nat(ISOLATES - 1)
/** What becomes of a call from an isolate to the cluster: it may not arrive, arrive twice, or its answer may not come back. */
const fate = fc.constantFrom('arrives', 'arrives', 'arrives', 'lost', 'answer lost', 'arrives twice')

const beat = fc.record({
  what: fc.constant('beat'),
  node,
  changes: fc.record(
    {
      cpu_percent: fc.nat(100),
      draining: fc.boolean(),
      host: fc.constantFrom('a.example', 'b.example'),
      tags: fc.subarray(['eu', 'gpu']),
      outputs: fc.constantFrom<Record<string, string>[]>(
        { HLS: 'http://HOST/hls/$/index.m3u8' },
        { DTSC: 'dtsc://HOST/$' },
      ),
      location: fc.constantFrom(null, { latitude: 1, longitude: 2 }),
      streams: fc
        .subarray(STREAMS)
        .chain((names) =>
          fc.tuple(...names.map((name) => fc.record({ name: fc.constant(name), replica: fc.boolean() }))),
        )
        .map((streams) => streams.map(({ name, replica }) => ({ ...live(name), replica }))),
    },
    { requiredKeys: [] },
  ),
})
const sent = fc.record({ what: fc.constant('sent'), isolate, node })
const refresh = fc.record({ what: fc.constant('refresh'), isolate, fate })
const others = fc.oneof(
  fc.record({ what: fc.constant('hold'), node, on: fc.boolean() }),
  fc.record({ what: fc.constant('weigh'), weights: fc.constantFrom(null, { ...DEFAULT_WEIGHTS, cpu: 7 }) }),
  fc.record({ what: fc.constant('restart') }),
  fc.record({ what: fc.constant('pass'), ms: fc.constantFrom(1_000, CHARGE_LIFE_MS, HOST_FORGET_MS) }),
)

/** A cluster that keeps what it must on disk, isolates that ask it, and a clock. */
class World {
  now_ms = 1_000_000
  readonly pictures = Array.from({ length: ISOLATES }, () => new Picture(clusterId(1), DEFAULT_WEIGHTS))
  #epoch = 0
  readonly #held = new Set<string>()
  #weights: Weights | null = null
  #state = this.#start([])

  #start(hosts: Kept['hosts']): ClusterState {
    return new ClusterState(`epoch ${++this.#epoch}`, { hosts, held_out: this.#held, weights: this.#weights })
  }

  get state(): ClusterState {
    return this.#state
  }

  restart(): void {
    const hosts = this.#state.hosts(this.now_ms)
    this.#state = this.#start(hosts.map(({ age_ms, ...host }) => ({ ...host, seen_at_ms: this.now_ms - age_ms })))
  }

  hold(host: string, on: boolean): void {
    for (const found of this.#state.hold(host, on)) {
      if (on) this.#held.add(found)
      else this.#held.delete(found)
    }
  }

  weigh(weights: Weights | null): void {
    this.#weights = weights
    this.#state.setWeights(weights)
  }

  sent(picture: Picture | undefined, node_id: string): void {
    const chosen: Choice = {
      cluster_id: clusterId(1),
      node_id,
      want: 'play',
      stream: 'live+one',
      playback_id: null,
      at_ms: this.now_ms,
      score: 0,
      parts: {},
      distance_km: null,
      protocol: null,
    }
    picture?.sent(chosen, this.now_ms)
  }

  /** True when the picture is as new as the cluster. */
  refresh(picture: Picture | undefined, outcome: string): boolean {
    if (picture === undefined) return false
    const asked = picture.ask(this.now_ms)
    if (outcome === 'lost') return false
    let answer: Snapshot = this.#state.refresh(asked, this.now_ms)
    if (outcome === 'arrives twice') answer = this.#state.refresh(asked, this.now_ms)
    if (outcome === 'answer lost') return false
    picture.answer(structuredClone(answer), this.now_ms)
    return true
  }

  /** The picture of an isolate that knows nothing yet. */
  fresh(): Fleet {
    const fleet = new Fleet(clusterId(1), DEFAULT_WEIGHTS)
    const asked = { isolate_id: 'fresh', epoch: null, version: 0, batches: [] }
    fleet.apply(this.#state.refresh(asked, this.now_ms), this.now_ms)
    return fleet
  }
}

test('whatever happened and whichever answers were lost, a picture that is brought up to date is the whole picture', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(beat, beat, refresh, refresh, sent, others), { maxLength: 40 }), (steps) => {
      const world = new World()
      for (const step of steps) {
        if (step.what === 'beat') {
          world.state.forget(world.now_ms)
          world.state.beat(nodeId(step.node), heartbeat(step.changes), world.now_ms)
        }
        if (step.what === 'sent') world.sent(world.pictures[step.isolate], nodeId(step.node))
        if (step.what === 'hold') world.hold(nodeId(step.node), step.on)
        if (step.what === 'weigh') world.weigh(step.weights)
        if (step.what === 'restart') world.restart()
        if (step.what === 'pass') world.now_ms += step.ms
        if (step.what !== 'refresh') continue
        const picture = world.pictures[step.isolate]
        if (!world.refresh(picture, step.fate) || picture === undefined) continue
        picture.fleet.setOwn(new Map())
        expect(show(picture.fleet, STREAMS)).toEqual(show(world.fresh(), STREAMS))
      }
    }),
    { numRuns: 2_000 },
  )
})

test('each viewer who is sent counts once, whichever answers are lost and whenever the cluster restarts', () => {
  const restart = fc.record({ what: fc.constant('restart') })
  fc.assert(
    fc.property(fc.array(fc.oneof(sent, sent, refresh, refresh, restart), { maxLength: 40 }), (steps) => {
      const world = new World()
      for (let host = 0; host < HOSTS; host++) world.state.beat(nodeId(host), heartbeat(), world.now_ms)
      for (const picture of world.pictures) world.refresh(picture, 'arrives')
      const counts = new Map<string, number>()
      for (const step of steps) {
        if (step.what === 'restart') world.restart()
        if (step.what === 'refresh') world.refresh(world.pictures[step.isolate], step.fate)
        if (step.what !== 'sent') continue
        world.sent(world.pictures[step.isolate], nodeId(step.node))
        counts.set(nodeId(step.node), (counts.get(nodeId(step.node)) ?? 0) + 1)
      }
      // The first finds out that the cluster has forgotten, the second tells it again, the third sees what all have told.
      for (let round = 0; round < 3; round++) for (const picture of world.pictures) world.refresh(picture, 'arrives')
      for (const { node_id, pending_viewers } of world.state.overview(world.now_ms).hosts) {
        expect(pending_viewers).toBe(counts.get(node_id) ?? 0)
      }
      for (const { fleet } of world.pictures) expect(show(fleet, [])).toEqual(show(world.fresh(), []))
      expect(world.pictures.every(({ ledger }) => ledger.isEmpty)).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test('an isolate counts whom it has sent the whole time, however badly it reaches the cluster', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.record({ what: fc.constant('sent'), node }), refresh), { maxLength: 40 }),
      (steps) => {
        const world = new World()
        const [picture] = world.pictures
        world.state.beat(nodeId(0), heartbeat(), world.now_ms)
        world.refresh(picture, 'arrives')
        let bytes = 0
        for (const step of steps) {
          if (step.what === 'refresh') world.refresh(picture, step.fate)
          else {
            world.sent(picture, nodeId(0))
            bytes += picture?.fleet.get(nodeId(0))?.viewer_bytes_per_second ?? 0
          }
          expect(picture?.fleet.added(0)).toBe(bytes)
        }
      },
    ),
    { numRuns: 1_000 },
  )
})

test('the picture of a thousand hosts with ten thousand streams is small, and what changed of it much smaller', () => {
  const hosts = largeCluster({ hosts: 1_000, streams: 10_000, copies: 3 })
  const state = new ClusterState('one', { hosts, held_out: [], weights: null })
  const asked = { isolate_id: 'an isolate', batches: [] }
  const whole = state.refresh({ ...asked, epoch: null, version: 0 }, 0)
  expect(serialize(whole).byteLength).toBeLessThan(SNAPSHOT_BYTES_MAX / 4)
  const [one] = hosts
  if (one !== undefined) state.beat(one.node_id, { ...one.heartbeat, cpu_percent: 1 }, 0)
  const delta = state.refresh({ ...asked, epoch: 'one', version: whole.version }, 0)
  expect(delta.hosts).toHaveLength(1)
  expect(serialize(delta).byteLength).toBeLessThan(1_024)
  const nothing = state.refresh({ ...asked, epoch: 'one', version: delta.version }, 0)
  expect(nothing).toMatchObject({ whole: false, hosts: [], removed: [] })
})
