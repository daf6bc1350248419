import { z } from 'zod'
import { Code, Count, Name, Place } from './fields.ts'
import { CANDIDATES_MAX } from './limits.ts'

/** What each part added to a host's score; parts are Foghorn's own names, such as `cpu`, `memory`, `bandwidth`, `distance`, `stream`. */
const Score = z.record(Code, z.number())

const Candidate = z.strictObject({
  node_id: Name,
  /** Null for a host that was ruled out; then `rejected` says why. */
  score: z.number().nullable(),
  rejected: Code.nullable(),
})

/** Foghorn chose a host, or could not. */
export const LoadBalancing = z.strictObject({
  purpose: z.enum(['play', 'source', 'ingest']),
  outcome: z.enum(['chosen', 'denied', 'no_host', 'unavailable']),
  reason_code: Code.nullable(),
  playback_id: Name.nullable(),
  protocol: Name.nullable(),
  place: Place.nullable(),
  chosen_node_id: Name.nullable(),
  chosen_cluster_id: Name.nullable(),
  distance_km: z.number().nonnegative().nullable(),
  score: z.number().nullable(),
  score_parts: Score,
  /** The best ones; `candidates_total` counts all that were looked at. */
  candidates: z.array(Candidate).max(CANDIDATES_MAX),
  candidates_total: Count,
  decision_us: Count,
})
export type LoadBalancing = z.infer<typeof LoadBalancing>
