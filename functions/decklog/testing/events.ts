import { create } from '@bufbuild/protobuf'
import { eventId, newId } from '../../../shared/ids.ts'
import { EventSchema } from '../../../shared/proto/decklog_pb.ts'

export type Sent = ReturnType<typeof event>

export const ended = {
  ingress_bytes: 1,
  egress_bytes: 2,
  viewers: 0,
  inputs: 1,
  outputs: 0,
  viewer_seconds: 0,
  provenance: 'reported',
}

/** One good event of a host, changed as the test wants. */
export function event(changes: Partial<Record<string, unknown>> = {}) {
  const event_id = eventId('nod_1', crypto.randomUUID())
  return {
    event_id,
    event_type: 'stream-end',
    stream_name: 'live+regatta',
    occurred_at: '2026-11-24T00:36:20.559Z',
    source: 'helmsman',
    schema_version: 1,
    data: ended as unknown,
    ...changes,
  }
}

/** The event as the Connect door takes it. */
export function message({ event_id, event_type, stream_name, occurred_at, source, schema_version, data }: Sent) {
  const bytes = data instanceof Uint8Array ? data : Buffer.from(JSON.stringify(data))
  return create(EventSchema, {
    eventId: event_id,
    eventType: event_type,
    streamName: stream_name,
    occurredAt: occurred_at,
    source,
    schemaVersion: schema_version,
    data: bytes,
  })
}

export const routed = {
  purpose: 'play',
  outcome: 'chosen',
  reason_code: null,
  playback_id: 'p',
  protocol: 'HLS',
  place: null,
  chosen_node_id: newId('node'),
  chosen_cluster_id: newId('cluster'),
  distance_km: 12.5,
  score: 0.9,
  score_parts: { cpu: 0.4 },
  candidates: [{ node_id: newId('node'), score: 0.9, rejected: null }],
  candidates_total: 1,
  decision_us: 80,
}

/** One good event of Foghorn. */
export function decision() {
  return event({ event_type: 'load-balancing', source: 'foghorn', data: routed })
}

export const monitoring = {
  healthy: false,
  unhealthy_reasons: ['mist_unreachable'],
  cpu_percent: null,
  memory_total_bytes: null,
  memory_used_bytes: null,
  shm_total_bytes: null,
  shm_used_bytes: null,
  media_egress_bytes: null,
  media_ingress_bytes: null,
  media_egress_bytes_per_second: null,
  media_ingress_bytes_per_second: null,
  network_egress_bytes: null,
  network_ingress_bytes: null,
  network_egress_bytes_per_second: null,
  network_ingress_bytes_per_second: null,
  bandwidth_limit_bytes_per_second: null,
  streams: null,
  viewers: null,
  inputs: null,
  outputs: null,
  location: null,
}
