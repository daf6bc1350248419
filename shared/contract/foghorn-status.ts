import { z } from 'zod'
import { Time } from './fields.ts'
import { Location, Weights } from './foghorn.ts'
import { ClusterKind } from './quartermaster.ts'

/** Streams that a host is shown with, those with the most viewers; `streams_total` counts all. */
export const STATUS_STREAMS_MAX = 20

const Count = z.int().nonnegative()
const Rate = z.number().nonnegative()

const StreamStatus = z.object({
  name: z.string().describe('Runtime name'),
  viewers: Count,
  inputs: Count.describe('Above 0: media comes in'),
  replica: z.boolean().describe('It comes from another host'),
})

export const HostStatus = z.object({
  node_id: z.string(),
  host: z.string().describe('Name or address that viewers reach it by'),
  tags: z.array(z.string()),
  location: Location.nullable(),
  age_ms: Rate.describe('How long ago it was heard'),
  reasons: z
    .array(z.string())
    .describe('What keeps viewers from it, the gravest first; `cpu_busy` alone: a last resort'),
  cpu_percent: Rate.nullable(),
  memory_ratio: Rate.nullable().describe('0 to 1, the tighter of memory and shared memory'),
  egress_bytes_per_second: Rate.nullable(),
  bandwidth_limit_bytes_per_second: Rate.nullable(),
  viewers: Count,
  pending_viewers: Count.describe('Sent to it and not yet there'),
  pending_bytes_per_second: Rate,
  streams_total: Count,
  streams: z.array(StreamStatus).max(STATUS_STREAMS_MAX),
})
export type HostStatus = z.infer<typeof HostStatus>

const decided = {
  at: Time,
  want: z.enum(['play', 'ingest', 'source']),
  stream: z.string(),
  playback_id: z.string().nullable(),
  protocol: z.string().nullable(),
}

export const RecentDecision = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('sent'),
    ...decided,
    node_id: z.string(),
    score: z.number(),
    score_parts: z.record(z.string(), z.number()),
    distance_km: Rate.nullable(),
  }),
  z.object({
    outcome: z.literal('refused'),
    ...decided,
    reason: z.string().describe('What held back the host that came nearest'),
  }),
])
export type RecentDecision = z.infer<typeof RecentDecision>

export const ClusterStatus = z.object({
  cluster_id: z.string(),
  name: z.string(),
  kind: ClusterKind,
  reachable: z.boolean().describe('False: its object does not answer now, and nothing else of it is known'),
  weights: Weights,
  hosts: z.array(HostStatus),
  recent: z.array(RecentDecision).describe('Newest first'),
})
export type ClusterStatus = z.infer<typeof ClusterStatus>

/** `GET /status`: the clusters that the caller's tenant runs. */
export const StatusAnswer = z.object({ at: Time, clusters: z.array(ClusterStatus) })
export type StatusAnswer = z.infer<typeof StatusAnswer>
