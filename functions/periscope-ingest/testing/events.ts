import { readFileSync } from 'node:fs'
import { StoredEvent } from '../../../shared/events/envelope.ts'
import { toMarks } from '../../../shared/events/host-heard.ts'

/** What a real ten-minute session of MistServer made, as it lies in the topic; some events stand in it several times. */
export function readSessionEvents(): StoredEvent[] {
  const text = readFileSync(new URL('../fixtures/session-events.jsonl', import.meta.url), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => StoredEvent.parse(JSON.parse(line)))
}

const envelope = {
  stream_name: 'live+regatta',
  tenant_id: 'ten_a',
  stream_id: 'str_a',
  node_id: 'nod_a',
  cluster_id: 'clu_a',
  occurred_at: '2026-11-24T00:36:20.559Z',
  received_at: '2026-11-24T00:36:21.000Z',
  source: 'helmsman',
  schema_version: 1,
}

/** The types that a recorded session has not: what polls and Foghorn send. */
const unrecorded = {
  'client-lifecycle': {
    samples: ['a', 'b'].map((session_id) => ({
      session_id,
      role: 'viewer',
      connector: 'HLS',
      connected_seconds: 12,
      position_seconds: 11.5,
      egress_bytes: 2 ** 53 - 1,
      ingress_bytes: 7,
      egress_bytes_delta: null,
      ingress_bytes_delta: 0,
      egress_bytes_per_second: 100.5,
      ingress_bytes_per_second: 0,
      packets_sent: 10,
      packets_lost: 1,
      packets_retransmitted: 0,
    })),
  },
  'node-monitoring': {
    healthy: false,
    unhealthy_reasons: ['memory_high'],
    cpu_percent: 41.3,
    memory_total_bytes: 8_000_000_000,
    memory_used_bytes: 7_900_000_000,
    shm_total_bytes: null,
    shm_used_bytes: null,
    media_egress_bytes: 5,
    media_ingress_bytes: 6,
    media_egress_bytes_per_second: null,
    media_ingress_bytes_per_second: null,
    network_egress_bytes: 1,
    network_ingress_bytes: 2,
    network_egress_bytes_per_second: 3.5,
    network_ingress_bytes_per_second: 4.5,
    bandwidth_limit_bytes_per_second: null,
    streams: 1,
    viewers: 2,
    inputs: 1,
    outputs: 0,
    location: { latitude: 52.1, longitude: 4.3, name: 'The Hague' },
  },
  'load-balancing': {
    purpose: 'play',
    outcome: 'chosen',
    reason_code: null,
    playback_id: 'p',
    protocol: 'HLS',
    place: { country_code: 'NL', city: 'Delft', latitude: 52.00791, longitude: 4.45627, h3_cell: '85196bb3fffffff' },
    chosen_node_id: 'nod_a',
    chosen_cluster_id: 'clu_a',
    distance_km: 12.5,
    score: 0.9,
    score_parts: { cpu: 0.4, stream: 0.5 },
    candidates: [{ node_id: 'nod_a', score: 0.9, rejected: null }],
    candidates_total: 1,
    decision_us: 80,
  },
}

/** One valid event, changed as the test wants. */
export function eventOf(
  event_type: keyof typeof unrecorded | 'stream-end' | 'stream-lifecycle',
  changes: Partial<Record<keyof StoredEvent, unknown>> = {},
): StoredEvent {
  const data = { ...unrecorded, 'stream-end': end, 'stream-lifecycle': lifecycle }[event_type]
  const source = event_type === 'load-balancing' ? 'foghorn' : 'helmsman'
  return StoredEvent.parse({ ...envelope, event_id: crypto.randomUUID(), event_type, source, data, ...changes })
}

const end = {
  ingress_bytes: 100,
  egress_bytes: 200,
  viewers: 3,
  inputs: 1,
  outputs: 0,
  viewer_seconds: 40,
  provenance: 'reported',
}

const lifecycle = {
  status: 'live',
  cause: 'poll',
  reason: null,
  input_type: 'Buffer',
  replicated: false,
  viewers: 3,
  inputs: 1,
  outputs: 0,
  tracks: 2,
  ingress_bytes: 100,
  egress_bytes: 200,
  viewer_seconds: 40,
  packets_sent: null,
  packets_lost: null,
  packets_retransmitted: null,
  buffer_ms: 5000,
  jitter_ms: 10,
  issues: null,
}

/** The marks that Decklog puts after these events into a log of so many partitions. */
export function marksOf(events: readonly StoredEvent[], partitions = 1) {
  return events.flatMap(({ event_type, node_id, occurred_at }) => {
    return event_type === 'node-monitoring' && node_id !== null ? toMarks(node_id, occurred_at, partitions) : []
  })
}

export const toValue = (event: unknown) => ({ value: Buffer.from(JSON.stringify(event)) })
