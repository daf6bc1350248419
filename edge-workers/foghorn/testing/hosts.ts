import type { Heartbeat, HostedStream, Weights } from '../../../shared/contract/foghorn.ts'
import { mulberry32 } from '../../../shared/mulberry32.ts'
import { ClusterState } from '../cluster/cluster-state.ts'
import type { Question } from '../decision/decision.ts'
import { Fleet } from '../decision/fleet.ts'
import { DEFAULT_WEIGHTS } from '../decision/weights.ts'
import type { Charge } from '../pictures/snapshot.ts'

/** A heartbeat, and whose and how old it is on our own clock. */
export interface HostReport {
  node_id: string
  seen_at_ms: number
  heartbeat: Heartbeat
}

/** What else a picture of a cluster holds. */
export interface Around {
  cluster_id?: string
  weights?: Weights
  held_out?: readonly string[]
  charges?: readonly Charge[]
  /** Charges that this isolate has not told yet: bytes per second by host. */
  own?: ReadonlyMap<string, number>
  crowd?: number
}

/** A node id with the number in it. */
export function nodeId(number: number): string {
  return `nod_00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`
}

export function clusterId(number: number): string {
  return `clu_00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`
}

/** A healthy, half-idle host in Amsterdam with MistServer's usual outputs. */
export function heartbeat(changes: Partial<Heartbeat> = {}): Heartbeat {
  return {
    host: 'edge1.example',
    outputs: {
      CMAF: 'http://HOST:8080/cmaf/$/',
      DTSC: 'dtsc://HOST/$',
      EBML: 'http://HOST:8080/$.webm',
      H264: 'http://HOST:8080/$.h264',
      HLS: 'http://HOST:8080/hls/$/index.m3u8',
      HTTP: 'http://HOST:8080/$.html',
      HTTPTS: 'http://HOST:8080/$.ts',
      JPG: 'http://HOST:8080/',
      RTMP: 'rtmp://HOST/play/$',
      RTSP: 'rtsp://HOST:5554/$',
      SDP: 'http://HOST:8080/$.sdp',
      TSSRT: 'srt://HOST/?streamid=$',
      WSRaw: 'http://HOST:8080/$.raw',
      WebRTC: 'ws://HOST:18203/webrtc/$',
    },
    healthy: true,
    draining: false,
    cpu_percent: 20,
    memory_total_bytes: 1_000_000,
    memory_used_bytes: 200_000,
    shm_total_bytes: 1_000_000,
    shm_used_bytes: 100_000,
    egress_bytes_per_second: 1_000_000,
    bandwidth_limit_bytes_per_second: 125_000_000,
    location: { latitude: 52.37, longitude: 4.9 },
    streams: [],
    tags: [],
    viewers: null,
    ingress_bytes_per_second: null,
    ...changes,
  }
}

/** A stream that media comes in to. */
export function live(name: string) {
  return { name, viewers: 0, inputs: 1, replica: false }
}

export function report(number: number, seen_at_ms: number, changes: Partial<Heartbeat> = {}): HostReport {
  return { node_id: nodeId(number), seen_at_ms, heartbeat: heartbeat(changes) }
}

/** The picture that an isolate gets of hosts. */
export function toFleet(hosts: readonly HostReport[], around: Around = {}): Fleet {
  const {
    cluster_id = clusterId(1),
    weights = DEFAULT_WEIGHTS,
    held_out = [],
    charges = [],
    own = new Map(),
    crowd = 1,
  } = around
  const state = new ClusterState('an epoch', { hosts, held_out, weights: null })
  const batches = [{ number: 1, age_ms: 0, charges: [...charges], recent: [] }]
  const fleet = new Fleet(cluster_id, weights)
  // At 0 an age is a time.
  const snapshot = state.refresh({ isolate_id: 'an isolate', epoch: null, version: 0, batches }, 0)
  fleet.apply({ ...snapshot, crowd }, 0)
  fleet.setOwn(own)
  return fleet
}

/** A viewer of hls whose place is not known. */
export function question(changes: Partial<Question> = {}): Question {
  return {
    want: 'play',
    stream: 'live+one',
    protocol: 'hls',
    ingest: null,
    viewer: null,
    now_ms: 0,
    seed: 'a viewer',
    cold: false,
    exclude_node_id: null,
    adjust: [],
    cpu_percent_needed: 0,
    ...changes,
  }
}

/** A cluster of hosts all over the world, each stream on some of them, the first of which has it at first hand. */
export function largeCluster({
  hosts,
  streams,
  copies,
}: {
  hosts: number
  streams: number
  copies: number
}): HostReport[] {
  const roll = mulberry32(1)
  const held = Array.from({ length: hosts }, () => new Map<string, HostedStream>())
  for (let stream = 0; stream < streams; stream++) {
    for (let copy = 0; copy < copies; copy++) {
      const name = `live+${stream.toString(36).padStart(20, 'k')}`
      held[Math.floor(roll() * hosts)]?.set(name, { ...live(name), viewers: 5, replica: copy > 0 })
    }
  }
  return held.map((own, index) =>
    report(index, 0, {
      host: `edge-${index}.example`,
      location: { latitude: roll() * 180 - 90, longitude: roll() * 360 - 180 },
      cpu_percent: roll() * 95,
      egress_bytes_per_second: roll() * 100_000_000,
      streams: [...own.values()],
      tags: ['edge', roll() < 0.5 ? 'eu' : 'us'],
    }),
  )
}
