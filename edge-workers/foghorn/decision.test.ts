import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HEARTBEAT_STALE_MS, type Heartbeat, protocols } from '../../shared/contract/foghorn.ts'
import { decide, type Question, RANKED_MAX, REJECTED_MAX, reasons, SPREAD_POINTS } from './decision.ts'
import { BANDWIDTH_RATIO_MAX, CPU_PERCENT_MAX, type HostReport, MEMORY_RATIO_MAX, toFleet } from './fleet.ts'
import { clusterId, heartbeat, live, nodeId, report } from './testing/hosts.ts'
import { judge } from './testing/oracle.ts'

const NOW_MS = 1_000_000
const STREAM = 'live+one'
/** Points: two ways to reckon a distance agree to well within this. */
const ROUNDING = 0.001

function ask(changes: Partial<Question> = {}): Question {
  return { stream: STREAM, protocol: 'hls', viewer: null, now_ms: NOW_MS, seed: 'a viewer', cold: false, ...changes }
}

function chosen(reports: readonly HostReport[], question: Question = ask()): string | undefined {
  return decide([toFleet(reports)], question).ranked[0]?.host.node_id
}

const place = fc.record({
  latitude: fc.oneof(fc.double({ min: -90, max: 90 }), fc.constantFrom(-90, 0, 90, Number.NaN)),
  longitude: fc.oneof(fc.double({ min: -180, max: 180 }), fc.constantFrom(-180, 0, 180)),
})

/** Figures as no schema lets them through, too: the decision must bear them. */
const figure = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 100 }) },
  { weight: 1, arbitrary: fc.constantFrom(null, 0, -1, Number.NaN, Number.POSITIVE_INFINITY) },
)

const anyHeartbeat: fc.Arbitrary<Heartbeat> = fc
  .record({
    healthy: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.boolean()),
    draining: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.boolean()),
    cpu_percent: figure,
    memory_total_bytes: fc.oneof({ weight: 6, arbitrary: fc.constant(200) }, figure),
    memory_used_bytes: figure,
    shm_total_bytes: fc.oneof({ weight: 6, arbitrary: fc.constant(200) }, figure),
    shm_used_bytes: figure,
    egress_bytes_per_second: figure,
    bandwidth_limit_bytes_per_second: fc.oneof({ weight: 6, arbitrary: fc.constant(100) }, figure),
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
    without: fc.constantFrom('', '', 'HLS', 'HTTP'),
  })
  .map(({ without, ...fields }) => {
    const outputs = Object.entries(heartbeat().outputs).filter(([connector]) => connector !== without)
    return heartbeat({ ...fields, outputs: Object.fromEntries(outputs) })
  })

const age = fc.oneof({ weight: 9, arbitrary: fc.nat(HEARTBEAT_STALE_MS) }, fc.nat(2 * HEARTBEAT_STALE_MS))

const anyClusters: fc.Arbitrary<HostReport[][]> = fc
  .array(fc.array(fc.tuple(anyHeartbeat, age), { maxLength: 12 }), { maxLength: 3 })
  .map((clusters) =>
    clusters.map((hosts, order) =>
      hosts.map(([beat, ageMs], index) => ({
        node_id: nodeId(order * 100 + index),
        cluster_id: clusterId(order),
        seen_at_ms: NOW_MS - ageMs,
        heartbeat: beat,
      })),
    ),
  )

const anyQuestion: fc.Arbitrary<Question> = fc.record({
  stream: fc.constantFrom(STREAM, STREAM, 'live+none'),
  protocol: fc.constantFrom(null, ...protocols),
  viewer: fc.option(place),
  now_ms: fc.constant(NOW_MS),
  seed: fc.string(),
  cold: fc.boolean(),
})

test('every decision is what a slow and plain judge of each host says', () => {
  fc.assert(
    fc.property(anyClusters, anyQuestion, (clusters, question) => {
      const verdicts = judge(clusters, question)
      const decision = decide(clusters.map(toFleet), question)
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
    }),
    { numRuns: 1_000 },
  )
})

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
  const full: Partial<Heartbeat>[] = [
    { cpu_percent: CPU_PERCENT_MAX },
    { memory_total_bytes: 100, memory_used_bytes: 100 * MEMORY_RATIO_MAX, shm_used_bytes: 0 },
    { shm_total_bytes: 100, shm_used_bytes: 100 * MEMORY_RATIO_MAX },
    { bandwidth_limit_bytes_per_second: 100, egress_bytes_per_second: 100 * BANDWIDTH_RATIO_MAX },
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
  const busy = report(2, NOW_MS, { cpu_percent: CPU_PERCENT_MAX, streams: [live(STREAM)] })
  expect(chosen([idle, busy], ask({ cold: false }))).toBeUndefined()
  expect(chosen([idle, busy], ask({ cold: true }))).toBe(nodeId(1))
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
    const question = ask({ seed: `192.0.2.${viewer}` })
    const node = decide([fleet], question).ranked[0]?.host.node_id ?? ''
    expect(decide([fleet], question).ranked[0]?.host.node_id).toBe(node)
    counts.set(node, (counts.get(node) ?? 0) + 1)
  }
  expect(counts.size).toBe(hosts)
  const fair = viewers / hosts
  // Five standard deviations of a fair draw.
  const slack = 5 * Math.sqrt(fair * (1 - 1 / hosts))
  for (const count of counts.values()) expect(Math.abs(count - fair)).toBeLessThan(slack)
})
