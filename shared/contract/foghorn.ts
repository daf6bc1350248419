import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { NodeId } from './fields.ts'

/** How often a media host reports itself; it also reports at once when a stream starts or ends. */
export const HEARTBEAT_INTERVAL_MS = 5_000
/** A host that was silent for longer gets no more viewers. */
export const HEARTBEAT_STALE_MS = 15_000
/** With names at their longest, a heartbeat of this many streams stays within 1 MiB. */
export const HEARTBEAT_STREAMS_MAX = 5_000
export const OUTPUTS_MAX = 64
export const TAGS_MAX = 32
/** MistServer's own bound of a stream name. */
export const STREAM_NAME_CHARS_MAX = 100

const Count = z.int().nonnegative()
const Rate = z.number().nonnegative()

export const Location = z.object({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
})
export type Location = z.infer<typeof Location>

/** A stream as one host has it: `inputs` above 0 means that media comes in, `replica` that it comes from another host. */
const HostedStream = z.object({
  name: z.string().min(1).max(STREAM_NAME_CHARS_MAX).describe('Runtime name, `live+<internal name>`'),
  viewers: Count,
  inputs: Count,
  replica: z.boolean(),
  // Short names, because a heartbeat holds thousands of streams. Hosts of an older version leave them out.
  sent: Count.optional().describe('Bytes since the stream began'),
  received: Count.optional().describe('Bytes since the stream began'),
})
export type HostedStream = z.infer<typeof HostedStream>

/** Which run of Helmsman says a heartbeat, and the how-manieth of that run it is. */
const HeartbeatOrder = z.object({ run: z.uuid(), number: Count })
export type HeartbeatOrder = z.infer<typeof HeartbeatOrder>

/** Why a heartbeat is not taken. */
export type HeartbeatRefusal = 'cluster_full' | 'heartbeat_replayed'

/**
 * What a media host tells Foghorn of itself: the body of `POST /nodes/{node_id}/heartbeat` with the node's own token,
 * which says which node and which cluster. A figure is null while it is not known.
 */
export const Heartbeat = z.object({
  host: z
    .string()
    .max(255)
    .regex(/^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])$/)
    .describe('Name or address that viewers reach the host by (IPv6 in brackets); stands in for HOST in `outputs`'),
  outputs: z
    .record(
      z.string().max(32),
      z
        .string()
        .max(512)
        .regex(/^[\x21-\x7e]*$/),
    )
    .refine((outputs) => Object.keys(outputs).length <= OUTPUTS_MAX, `at most ${OUTPUTS_MAX} outputs`)
    .describe("`outputs` of MistServer's node statistics as they are, e.g. HLS: http://HOST:8080/hls/$/index.m3u8"),
  healthy: z.boolean().describe('False takes no viewers: MistServer does not answer, or the host watches itself fail'),
  draining: z.boolean().describe('Takes no new viewers and keeps those that it has'),
  cpu_percent: z.number().min(0).max(100).nullable().describe("Of the whole machine: MistServer's cpu / 10"),
  memory_total_bytes: Count.nullable(),
  memory_used_bytes: Count.nullable(),
  shm_total_bytes: Count.nullable(),
  shm_used_bytes: Count.nullable(),
  egress_bytes_per_second: Rate.nullable().describe('Null until two polls can be compared'),
  bandwidth_limit_bytes_per_second: Count.nullable(),
  location: Location.nullable(),
  streams: z.array(HostedStream).max(HEARTBEAT_STREAMS_MAX),
  // Hosts of an older version leave the following out.
  tags: z
    .array(z.string().regex(/^[A-Za-z0-9_.:-]{1,64}$/))
    .max(TAGS_MAX)
    .default([])
    .describe("MistServer's own tags of the host"),
  viewers: Count.nullable().default(null).describe('Of the whole host; null: those of its streams together'),
  ingress_bytes_per_second: Rate.nullable().default(null),
  order: HeartbeatOrder.optional().describe('One that is not newer than the last that was taken is refused'),
})
export type Heartbeat = z.infer<typeof Heartbeat>

export const HeartbeatAnswer = z.object({
  interval_ms: z.int().positive().describe('When to send the next one'),
  stale_after_ms: z.int().positive(),
})
export type HeartbeatAnswer = z.infer<typeof HeartbeatAnswer>

export const sendHeartbeat = endpoint({
  method: 'POST',
  path: '/nodes/{node_id}/heartbeat',
  request: Heartbeat.extend({ node_id: NodeId }),
  response: HeartbeatAnswer,
  refusals: ['conflict'],
})

/** What a viewer can ask for in `/play/{playback_id}/{protocol}`; other usual names are taken as aliases. */
export const protocols = [
  'hls',
  'cmaf',
  'dash',
  'smooth',
  'whep',
  'wswebrtc',
  'mp4',
  'wsmp4',
  'webm',
  'ts',
  'flv',
  'h264',
  'wsraw',
  'aac',
  'mp3',
  'ogg',
  'wav',
  'sdp',
  'srt',
  'rtmp',
  'rtsp',
  'html',
] as const
export const Protocol = z.enum(protocols)
export type Protocol = z.infer<typeof Protocol>

/** What a publisher can send by. */
export const ingestProtocols = ['rtmp', 'srt', 'whip'] as const
export const IngestProtocol = z.enum(ingestProtocols)
export type IngestProtocol = z.infer<typeof IngestProtocol>

export const WEIGHT_POINTS_MAX = 100_000
const Points = z.number().min(0).max(WEIGHT_POINTS_MAX)

/** The most points that a host can get for each of these. */
export const Weights = z.strictObject({
  cpu: Points.describe('An idle processor'),
  memory: Points.describe('Empty memory, the tighter of memory and shared memory'),
  bandwidth: Points.describe('Free bandwidth, viewers who are under way taken off'),
  distance: Points.describe('Standing where the viewer is'),
  stream: Points.describe('Having the stream'),
  cluster: Points.describe("Belonging to the first of the tenant's clusters; half for the second"),
})
export type Weights = z.infer<typeof Weights>

const Candidate = z.object({
  node_id: z.string(),
  cluster_id: z.string(),
  host: z.string(),
  score: z.number(),
  score_parts: z.record(z.string(), z.number()),
  distance_km: z.number().nullable(),
})

const StaleMs = z
  .number()
  .nonnegative()
  .describe('How long Foghorn has not heard from a cluster that it knows only as it was; 0 while it hears from all')

/** `GET /play/{playback_id}[/{protocol}]` as JSON: the best hosts, best first. */
export const PlayAnswer = z.object({
  playback_id: z.string(),
  protocol: Protocol.describe('Asked for, or hls'),
  url: z.string().describe('Where a redirect would have led'),
  candidates: z.array(Candidate.extend({ urls: z.partialRecord(Protocol, z.string()) })),
  stale_ms: StaleMs,
})
export type PlayAnswer = z.infer<typeof PlayAnswer>

/** `GET /ingest/{stream_key}`: the best hosts for a publisher, best first; the URLs hold the stream key. */
export const IngestAnswer = z.object({
  playback_id: z.string().describe('By which viewers play what is published'),
  candidates: z.array(Candidate.extend({ urls: z.partialRecord(IngestProtocol, z.string()) })),
  stale_ms: StaleMs,
})
export type IngestAnswer = z.infer<typeof IngestAnswer>
