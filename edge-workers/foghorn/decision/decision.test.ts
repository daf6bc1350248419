import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  HEARTBEAT_STALE_MS,
  type Heartbeat,
  ingestProtocols,
  protocols,
  type Weights,
} from '../../../shared/contract/foghorn.ts'
import {
  clusterId,
  type HostReport,
  heartbeat,
  largeCluster,
  live,
  nodeId,
  question,
  report,
  toFleet,
} from '../testing/hosts.ts'
import { judge, type Scene } from '../testing/oracle.ts'
import { decide, type Question, REJECTED_MAX } from './decision.ts'
import { RANKED_MAX, SPREAD_POINTS } from './ranking.ts'
import { reasons } from './reasons.ts'
import {
  BANDWIDTH_RATIO_MAX,
  CPU_PERCENT_BUSY,
  CPU_PERCENT_MAX,
  MEMORY_RATIO_MAX,
  VIEWER_BYTES_DEFAULT,
} from './usage.ts'
import { DEFAULT_WEIGHTS } from './weights.ts'

const NOW_MS = 1_000_000
const STREAM = 'live+one'
/** Points: two ways to reckon a distance agree to well within this. */
const ROUNDING = 0.001

function ask(changes: Partial<Question> = {}): Question {
  return question({ stream: STREAM, now_ms: NOW_MS, ...changes })
}

function chosen(reports: readonly HostReport[], asked: Question = ask()): string | undefined {
  return decide([toFleet(reports)], asked).ranked[0]?.host.node_id
}

const place = fc.record({
  latitude: fc.oneof(fc.double({ min: -90, max: 90 }), fc.constantFrom(-90, 0, 90, Number.NaN)),
  longitude: fc.oneof(fc.double({ min: -180, max: 180 }), fc.constantFrom(-180, 0, 180)),
})

/** Figures as no schema lets them through, too: the decision must bear them. */
function figure(most: number) {
  return fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: most }) },
    { weight: 1, arbitrary: fc.constantFrom(null, 0, -1, Number.NaN, Number.POSITIVE_INFINITY) },
  )
}

const LIMIT = 10 * VIEWER_BYTES_DEFAULT
const tag = fc.constantFrom('eu', 'us', 'gpu')

const anyHeartbeat: fc.Arbitrary<Heartbeat> = fc
  .record({
    healthy: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.boolean()),
    draining: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.boolean()),
    cpu_percent: figure(100),
    memory_total_bytes: fc.oneof({ weight: 6, arbitrary: fc.constant(200) }, figure(100)),
    memory_used_bytes: figure(100),
    shm_total_bytes: fc.oneof({ weight: 6, arbitrary: fc.constant(200) }, figure(100)),
    shm_used_bytes: figure(100),
    egress_bytes_per_second: figure(LIMIT),
    bandwidth_limit_bytes_per_second: fc.oneof({ weight: 6, arbitrary: fc.constant(LIMIT) }, figure(LIMIT)),
    location: fc.option(place),
    streams: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom(STREAM, 'live+two'),
        viewers: fc.nat(9),
        inputs: fc.constantFrom(0, 1, 1, 1),
        replica: fc.boolean(),
      }),
      { selector: ({ name }) => name },
    ),
    tags: fc.uniqueArray(tag),
    viewers: fc.option(fc.nat(20)),
    without: fc.constantFrom('', '', '', 'HLS', 'HTTP', 'DTSC', 'TSSRT'),
  })
  .map(({ without, ...fields }) => {
    const outputs = Object.entries(heartbeat().outputs).filter(([connector]) => connector !== without)
    return heartbeat({ ...fields, outputs: Object.fromEntries(outputs) })
  })

const age = fc.oneof({ weight: 9, arbitrary: fc.nat(HEARTBEAT_STALE_MS) }, fc.nat(2 * HEARTBEAT_STALE_MS))
const bytes = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(LIMIT))

/** A host with what is known of it besides: whether it is held out, and what is under way to it. */
const anyHost = fc.record({ beat: anyHeartbeat, age, held: fc.nat(9), pending: bytes, own: bytes })
const points = fc.constantFrom(0, 50, 300, 500, 1000)
const anyWeights: fc.Arbitrary<Weights> = fc.oneof(
  fc.constant(DEFAULT_WEIGHTS),
  fc.record({ cpu: points, memory: points, bandwidth: points, distance: points, stream: points, cluster: points }),
)

type Known = { fleet: ReturnType<typeof toFleet>; scene: Scene }

const anyClusters: fc.Arbitrary<Known[]> = fc
  .array(
    fc.record({
      hosts: fc.array(anyHost, { maxLength: 12 }),
      weights: anyWeights,
      frozen_ms: fc.option(fc.nat(2 * HEARTBEAT_STALE_MS), { freq: 4 }),
      crowd: fc.constantFrom(1, 1, 3),
    }),
    { maxLength: 3 },
  )
  .map((clusters) =>
    clusters.map(({ hosts, weights, frozen_ms, crowd }, order): Known => {
      const named = hosts.map((host, index) => ({ ...host, node_id: nodeId(order * 100 + index) }))
      const reports = named.map(({ node_id, beat, age: age_ms }) => {
        return { node_id, seen_at_ms: NOW_MS - age_ms, heartbeat: beat }
      })
      const held_out = named.flatMap(({ node_id, held }) => (held === 0 ? [node_id] : []))
      const charges = named.map(({ node_id, pending }) => ({ node_id, viewers: 1, bytes_per_second: pending }))
      const own = new Map(named.map((host) => [host.node_id, host.own]))
      const fleet = toFleet(reports, { cluster_id: clusterId(order), weights, held_out, charges, own, crowd })
      const frozen_at_ms = frozen_ms === null ? null : NOW_MS - frozen_ms
      fleet.frozen_at_ms = frozen_at_ms ?? Number.POSITIVE_INFINITY
      const charged = new Map(named.map((host) => [host.node_id, host.pending + crowd * host.own]))
      return { fleet, scene: { reports, weights, held_out, charged, frozen_at_ms } }
    }),
  )

const anyQuestion: fc.Arbitrary<Question> = fc.record({
  want: fc.constantFrom('play', 'play', 'ingest', 'source'),
  stream: fc.constantFrom(STREAM, STREAM, 'live+none'),
  protocol: fc.constantFrom(null, ...protocols),
  ingest: fc.constantFrom(null, ...ingestProtocols),
  viewer: fc.option(place),
  now_ms: fc.constant(NOW_MS),
  seed: fc.string(),
  cold: fc.boolean(),
  exclude_node_id: fc.constantFrom(null, nodeId(0), nodeId(101)),
  adjust: fc.array(
    fc.record({
      tags: fc.uniqueArray(tag),
      without: fc.boolean(),
      points: fc.constantFrom(-5000, -100, 100, 1000),
    }),
    { maxLength: 2 },
  ),
  cpu_percent_needed: fc.constantFrom(0, 0, 30),
})

test('every decision is what a slow and plain judge of each host says', () => {
  fc.assert(fc.property(anyClusters, anyQuestion, expectRight), { numRuns: 5_000 })
})

test('a decision over a thousand hosts and ten thousand streams is what the judge says', () => {
  const reports = largeCluster({ hosts: 1_000, streams: 10_000, copies: 3 })
  const known = { fleet: toFleet(reports), scene: sceneOf(reports) }
  const streams = reports.flatMap(
    ({
      heartbeat: {
        streams: [first],
      },
    }) => (first ? [first.name] : []),
  )
  fc.assert(
    fc.property(anyQuestion, fc.constantFrom(...streams), (asked, stream) =>
      expectRight([known], { ...asked, stream, now_ms: 0 }),
    ),
    { numRuns: 100 },
  )
})

function sceneOf(reports: readonly HostReport[]): Scene {
  return { reports, weights: DEFAULT_WEIGHTS, held_out: [], charged: new Map(), frozen_at_ms: null }
}

function expectRight(clusters: readonly Known[], asked: Question): void {
  const verdicts = judge(
    clusters.map(({ scene }) => scene),
    asked,
  )
  const decision = decide(
    clusters.map(({ fleet }) => fleet),
    asked,
  )
  const refused = verdicts.flatMap(({ report: { node_id }, reason }) => (reason ? [{ node_id, reason }] : []))
  const scores = new Map(
    verdicts.flatMap((verdict) => (verdict.reason ? [] : [[verdict.report.node_id, verdict.score]])),
  )
  const ranked = decision.ranked.map(({ host }) => host.node_id)

  expect(decision.total).toBe(verdicts.length)
  expect(decision.rejected.map(({ host: { node_id }, reason }) => ({ node_id, reason }))).toEqual(
    refused.slice(0, REJECTED_MAX),
  )
  expect(ranked).toHaveLength(Math.min(scores.size, RANKED_MAX))
  expect(new Set(ranked).size).toBe(ranked.length)
  const nearest = reasons.findLast((reason) => refused.some((one) => one.reason === reason))
  expect(decision.nearest).toBe(scores.size > 0 ? null : (nearest ?? null))
  for (const { host, score, parts } of decision.ranked) {
    expect(Math.abs(score - (scores.get(host.node_id) ?? Number.NaN))).toBeLessThan(ROUNDING)
    expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBeCloseTo(score, 6)
  }
  expectOrder(ranked, scores)
}

/** The near-best come first, in any order; then the others by score; nobody better is left out. */
function expectOrder(ranked: readonly string[], scores: ReadonlyMap<string, number>): void {
  const bar = Math.max(...scores.values()) - SPREAD_POINTS
  const scoreAt = (node: string) => scores.get(node) ?? Number.NaN
  const left = [...scores.keys()].filter((node) => !ranked.includes(node))
  for (const [index, node] of ranked.entries()) {
    const worse = scoreAt(node) < bar - ROUNDING
    if (!worse) continue
    for (const later of [...ranked.slice(index + 1), ...left]) {
      expect(scoreAt(later)).toBeLessThanOrEqual(scoreAt(node) + ROUNDING)
    }
  }
}

test('no cluster and no host mean no candidate and no reason', () => {
  expect(decide([], ask())).toEqual({ ranked: [], rejected: [], total: 0, nearest: null })
  expect(decide([toFleet([])], ask())).toEqual({ ranked: [], rejected: [], total: 0, nearest: null })
})

test('a host at a hard limit takes nobody, however near it is', () => {
  const here = { latitude: 10, longitude: 10 }
  const limit = 100 * VIEWER_BYTES_DEFAULT
  const full: Partial<Heartbeat>[] = [
    { cpu_percent: CPU_PERCENT_MAX },
    { memory_total_bytes: 100, memory_used_bytes: 100 * MEMORY_RATIO_MAX, shm_used_bytes: 0 },
    { shm_total_bytes: 100, shm_used_bytes: 100 * MEMORY_RATIO_MAX },
    { bandwidth_limit_bytes_per_second: limit, egress_bytes_per_second: limit * BANDWIDTH_RATIO_MAX },
  ]
  const reports = full.map((changes, index) =>
    report(index, NOW_MS, { ...changes, location: here, streams: [live(STREAM)] }),
  )
  const decision = decide([toFleet(reports)], ask({ viewer: here }))
  expect(decision.ranked).toEqual([])
  expect(decision.rejected.map(({ reason }) => reason)).toEqual([
    'cpu_full',
    'memory_full',
    'memory_full',
    'bandwidth_full',
  ])
  expect(decision.nearest).toBe('bandwidth_full')
})

test('a host with a busy processor gets nobody while another can serve, and everybody when none can', () => {
  const streams = [live(STREAM)]
  const busy = report(1, NOW_MS, { cpu_percent: CPU_PERCENT_BUSY, streams })
  const far = report(2, NOW_MS, { location: { latitude: -52, longitude: -175 }, cpu_percent: 89, streams })
  const here = { latitude: 52.37, longitude: 4.9 }
  const both = decide([toFleet([busy, far])], ask({ viewer: here }))
  expect(both.ranked.map(({ host }) => host.node_id)).toEqual([nodeId(2)])
  expect(both.rejected.map(({ reason }) => reason)).toEqual(['cpu_busy'])
  expect(chosen([busy], ask({ viewer: here }))).toBe(nodeId(1))
})

test('viewers who are under way take bandwidth, and the one who asks needs some too', () => {
  const limit = 10 * VIEWER_BYTES_DEFAULT
  const one = report(1, NOW_MS, {
    bandwidth_limit_bytes_per_second: limit,
    egress_bytes_per_second: 0,
    streams: [live(STREAM)],
  })
  const charges = (viewers: number) => [
    { node_id: one.node_id, viewers, bytes_per_second: viewers * VIEWER_BYTES_DEFAULT },
  ]
  const nearest = (pending: number, own: number) => {
    const fleet = toFleet([one], {
      charges: charges(pending),
      own: new Map([[one.node_id, own * VIEWER_BYTES_DEFAULT]]),
    })
    return decide([fleet], ask()).nearest
  }
  expect(nearest(8, 0)).toBeNull()
  expect(nearest(4, 4)).toBeNull()
  expect(nearest(9, 0)).toBe('bandwidth_full')
  expect(nearest(4, 5)).toBe('bandwidth_full')
})

test('what an isolate has sent stands for what the others send meanwhile, who see the same picture', () => {
  const limit = 10 * VIEWER_BYTES_DEFAULT
  const streams = [live(STREAM)]
  const one = report(1, NOW_MS, { bandwidth_limit_bytes_per_second: limit, egress_bytes_per_second: 0, streams })
  const own = new Map([[one.node_id, 3 * VIEWER_BYTES_DEFAULT]])
  const nearest = (crowd: number) => decide([toFleet([one], { own, crowd })], ask()).nearest
  expect(nearest(2.6)).toBeNull()
  expect(nearest(2.7)).toBe('bandwidth_full')
})

test('a stream is pulled from where it comes in, never by a host from itself, and from a full host when there is no other', () => {
  const origin = report(1, NOW_MS, { draining: true, streams: [live(STREAM)] })
  const replica = report(2, NOW_MS, { streams: [{ ...live(STREAM), replica: true }] })
  const source = (exclude: number) => ask({ want: 'source', exclude_node_id: nodeId(exclude) })
  expect(chosen([origin, replica], source(2))).toBe(nodeId(1))
  expect(chosen([origin, replica], source(1))).toBeUndefined()
  const second = report(3, NOW_MS, { streams: [live(STREAM)] })
  expect(chosen([origin, replica, second], source(2))).toBe(nodeId(3))
})

test('a publisher who comes back is sent to the host that has the stream already, unless that is worse by far', () => {
  const before = report(1, NOW_MS, { cpu_percent: 40, streams: [live(STREAM)] })
  const idle = report(2, NOW_MS, { cpu_percent: 5 })
  expect(chosen([before, idle], ask({ want: 'ingest', ingest: 'srt' }))).toBe(nodeId(1))
  const needed = { want: 'ingest', cpu_percent_needed: 55 } as const
  expect(chosen([before, idle], ask(needed))).toBe(nodeId(2))
})

test('a host is heard until its heartbeat is older than the bound, and not a millisecond longer', () => {
  const streams = [live(STREAM)]
  expect(chosen([report(1, NOW_MS - HEARTBEAT_STALE_MS, { streams })])).toBe(nodeId(1))
  expect(chosen([report(1, NOW_MS - HEARTBEAT_STALE_MS - 1, { streams })])).toBeUndefined()
})

test('the nearer of two like hosts is chosen, over the date line and past the poles', () => {
  const streams = [live(STREAM)]
  const at = (latitude: number, longitude: number) => ({ latitude, longitude })
  const fiji = report(1, NOW_MS, { streams, location: at(-17, 179) })
  const peru = report(2, NOW_MS, { streams, location: at(-17, -77) })
  expect(chosen([peru, fiji], ask({ viewer: at(-17, -179) }))).toBe(nodeId(1))
  const svalbard = report(3, NOW_MS, { streams, location: at(78, 15) })
  const nairobi = report(4, NOW_MS, { streams, location: at(-1, 37) })
  expect(chosen([nairobi, svalbard], ask({ viewer: at(89, -165) }))).toBe(nodeId(3))
})

test.each([
  [{ latitude: 90, longitude: 0 }, { latitude: -90, longitude: 77 }, 20_015],
  [{ latitude: 12, longitude: 34 }, { latitude: -12, longitude: -146 }, 20_015],
  [{ latitude: 90, longitude: 0 }, { latitude: 90, longitude: 180 }, 0],
  [{ latitude: 33.3, longitude: 44.4 }, { latitude: 33.3, longitude: 44.4 }, 0],
])('from %o to %o it is %i km', (location, viewer, kilometres) => {
  const { ranked } = decide([toFleet([report(1, NOW_MS, { location, streams: [live(STREAM)] })])], ask({ viewer }))
  expect(Math.round(ranked[0]?.distance_km ?? Number.NaN)).toBe(kilometres)
})

test('a host without the stream is chosen only when it may pull it and somebody has it', () => {
  const idle = report(1, NOW_MS)
  const full = report(2, NOW_MS, { cpu_percent: CPU_PERCENT_MAX, streams: [live(STREAM)] })
  expect(chosen([idle, full], ask({ cold: false }))).toBeUndefined()
  expect(chosen([idle, full], ask({ cold: true }))).toBe(nodeId(1))
  expect(chosen([idle], ask({ cold: true }))).toBeUndefined()
  const broken = report(3, NOW_MS, { healthy: false, streams: [live(STREAM)] })
  const silent = report(4, NOW_MS - HEARTBEAT_STALE_MS - 1, { streams: [live(STREAM)] })
  expect(chosen([idle, broken, silent], ask({ cold: true }))).toBeUndefined()
})

test('equals share viewers evenly, and one viewer always gets the same of them', () => {
  const hosts = 10
  const reports = Array.from({ length: hosts }, (_, index) => report(index, NOW_MS, { streams: [live(STREAM)] }))
  const fleet = toFleet(reports)
  const viewers = 10_000
  const counts = new Map<string, number>()
  for (let viewer = 0; viewer < viewers; viewer++) {
    const asked = ask({ seed: `192.0.2.${viewer}` })
    const node = decide([fleet], asked).ranked[0]?.host.node_id ?? ''
    expect(decide([fleet], asked).ranked[0]?.host.node_id).toBe(node)
    counts.set(node, (counts.get(node) ?? 0) + 1)
  }
  expect(counts.size).toBe(hosts)
  const fair = viewers / hosts
  // Five standard deviations of a fair draw.
  const slack = 5 * Math.sqrt(fair * (1 - 1 / hosts))
  for (const count of counts.values()) expect(Math.abs(count - fair)).toBeLessThan(slack)
})
