import type { SentEvent } from '../../../shared/events/envelope.ts'
import type { Place } from '../../../shared/events/fields.ts'
import type { LoadBalancing } from '../../../shared/events/load-balancing.ts'
import type { Decision } from '../decision/decision.ts'

/** Distances to several hosts, told exactly, would tell where the viewer is. */
const DISTANCE_STEP_KM = 10

/** What is known of a request by the time it is answered. */
export interface Told {
  at: Date
  purpose: LoadBalancing['purpose']
  outcome: LoadBalancing['outcome']
  reason_code: string | null
  stream_name: string
  playback_id: string | null
  protocol: string | null
  place: Place | null
  decision: Decision | null
  decision_us: number
}

/** The `load-balancing` event of one answer: who was chosen and why, and why others were not. */
export function toEvent(told: Told): SentEvent<'load-balancing'> {
  const { at, stream_name, decision, purpose, outcome, reason_code, playback_id, protocol, place, decision_us } = told
  const best = decision?.ranked[0]
  return {
    // A decision has no source but itself; sent again, it keeps the id that it was made with.
    event_id: crypto.randomUUID(),
    event_type: 'load-balancing',
    schema_version: 1,
    stream_name,
    occurred_at: at.toISOString(),
    source: 'foghorn',
    data: {
      purpose,
      outcome,
      reason_code,
      playback_id,
      protocol,
      place,
      chosen_node_id: best?.host.node_id ?? null,
      chosen_cluster_id: best?.host.cluster_id ?? null,
      distance_km: coarse(best?.distance_km ?? null),
      score: best?.score ?? null,
      score_parts: { ...best?.parts },
      candidates: [
        ...(decision?.ranked ?? []).map(({ host, score }) => ({ node_id: host.node_id, score, rejected: null })),
        ...(decision?.rejected ?? []).map(({ host, reason }) => ({
          node_id: host.node_id,
          score: null,
          rejected: reason,
        })),
      ],
      candidates_total: decision?.total ?? 0,
      decision_us,
    },
  }
}

function coarse(km: number | null): number | null {
  return km === null ? null : Math.round(km / DISTANCE_STEP_KM) * DISTANCE_STEP_KM
}
