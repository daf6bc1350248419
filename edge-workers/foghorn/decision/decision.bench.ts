import { serialize } from 'node:v8'
import { mulberry32 } from '../../../shared/mulberry32.ts'
import { ClusterState } from '../cluster/cluster-state.ts'
import { clusterId, largeCluster, question, toFleet } from '../testing/hosts.ts'
import { decide } from './decision.ts'
import { Fleet } from './fleet.ts'
import { DEFAULT_WEIGHTS } from './weights.ts'

const STREAMS_PER_HOST = 10
const COPIES = 3
const WARM_UP = 3_000
const DECISIONS = 20_000
const REFRESHES = 200
/** Of a thousand hosts, each heard every five seconds. */
const BEATS_PER_SECOND = 200

const roll = mulberry32(2)
const isolate = { isolate_id: 'an isolate', batches: [] }

for (const hosts of [10, 100, 1_000]) timeDecisions(hosts)
timeRefreshes(1_000)

/** Viewers from anywhere, every host with the protocol a candidate: the dearest question. */
function timeDecisions(hosts: number): void {
  const streams = STREAMS_PER_HOST * hosts
  const reports = largeCluster({ hosts, streams, copies: COPIES })
  const fleet = toFleet(reports)
  const names = [...new Set(reports.flatMap(({ heartbeat }) => heartbeat.streams.map(({ name }) => name)))]
  for (const cold of [true, false]) {
    const took: number[] = []
    for (let i = 0; i < WARM_UP + DECISIONS; i++) {
      const stream = names[Math.floor(roll() * names.length)] ?? ''
      const viewer = { latitude: roll() * 180 - 90, longitude: roll() * 360 - 180 }
      const asked = question({ stream, viewer, seed: String(i), cold })
      const started = performance.now()
      decide([fleet], asked)
      if (i >= WARM_UP) took.push((performance.now() - started) * 1_000)
    }
    const candidates = cold ? 'every host a candidate' : 'hosts with the stream'
    write(
      `${hosts} hosts, ${streams} streams, ${candidates}: p50 ${at(took, 0.5)}, p95 ${at(took, 0.95)}, p99 ${at(took, 0.99)} us,`,
      `${Math.round(1_000_000 / median(took))} decisions/s at the median`,
    )
  }
}

/** What a second of heartbeats costs the cluster's object and each isolate, and what an isolate's first picture costs. */
function timeRefreshes(hosts: number): void {
  const reports = largeCluster({ hosts, streams: STREAMS_PER_HOST * hosts, copies: COPIES })
  const state = new ClusterState('one', { hosts: reports, held_out: [], weights: null })
  const times = {
    wholeMade: [] as number[],
    wholeTaken: [] as number[],
    changesMade: [] as number[],
    changesTaken: [] as number[],
  }
  let wholeBytes = 0
  let changesBytes = 0
  for (let i = 0; i < REFRESHES; i++) {
    const fleet = new Fleet(clusterId(1), DEFAULT_WEIGHTS)
    const whole = timed(times.wholeMade, () => state.refresh({ ...isolate, epoch: null, version: 0 }, 0))
    timed(times.wholeTaken, () => fleet.apply(whole, 0))
    for (let beat = 0; beat < BEATS_PER_SECOND; beat++) {
      const one = reports[Math.floor(roll() * hosts)]
      if (one) state.beat(one.node_id, { ...one.heartbeat, cpu_percent: roll() * 95 }, 0)
    }
    const { epoch, version } = whole
    const changes = timed(times.changesMade, () => state.refresh({ ...isolate, epoch, version }, 0))
    timed(times.changesTaken, () => fleet.apply(changes, 0))
    wholeBytes = serialize(whole).byteLength
    changesBytes = serialize(changes).byteLength
  }
  const row = (what: string, bytes: number, made: number[], taken: number[]) =>
    write(`${what}: ${Math.round(bytes / 1024)} KiB, made in ${ms(made)} ms, taken over in ${ms(taken)} ms`)
  row(`picture of ${hosts} hosts, whole`, wholeBytes, times.wholeMade, times.wholeTaken)
  row(`picture of ${hosts} hosts, what changed in a second`, changesBytes, times.changesMade, times.changesTaken)
}

function timed<T>(times: number[], work: () => T): T {
  const started = performance.now()
  const result = work()
  times.push(performance.now() - started)
  return result
}

function at(times: number[], part: number): string {
  return quantile(times, part).toFixed(1)
}

function ms(times: number[]): string {
  return median(times).toFixed(2)
}

function median(times: number[]): number {
  return quantile(times, 0.5)
}

function quantile(times: number[], part: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length * part)] ?? Number.NaN
}

function write(...parts: string[]): void {
  process.stdout.write(`${parts.join(' ')}\n`)
}
