import type { Candidate, Question } from '../decision/decision.ts'
import type { Reason } from '../decision/reasons.ts'
import type { Choice, Refusal } from './snapshot.ts'

/** What `Fleets` is told when somebody is sent to a host. */
export function toChoice(
  { host, score, parts, distance_km }: Candidate,
  question: Question,
  playback_id: string | null,
): Choice {
  const { node_id, cluster_id } = host
  return { ...subjectOf(question, playback_id), cluster_id, node_id, score, parts, distance_km }
}

/** What it is told when no host of a cluster will do. */
export function toRefused(
  cluster_id: string,
  reason: Reason | null,
  question: Question,
  playback_id: string | null,
): Refusal {
  return { ...subjectOf(question, playback_id), cluster_id, reason: reason ?? 'no_host' }
}

function subjectOf({ want, stream, now_ms, protocol, ingest }: Question, playback_id: string | null) {
  return { want, stream, playback_id, at_ms: now_ms, protocol: want === 'play' ? protocol : ingest }
}
