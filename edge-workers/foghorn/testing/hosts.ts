import type { Heartbeat } from '../../../shared/contract/foghorn.ts'
import type { HostReport } from '../fleet.ts'

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
    ...changes,
  }
}

/** A stream that media comes in to. */
export function live(name: string) {
  return { name, viewers: 0, inputs: 1, replica: false }
}

export function report(number: number, seen_at_ms: number, changes: Partial<Heartbeat> = {}): HostReport {
  return { node_id: nodeId(number), cluster_id: clusterId(1), seen_at_ms, heartbeat: heartbeat(changes) }
}
