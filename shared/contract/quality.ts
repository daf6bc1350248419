import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { StreamId } from './fields.ts'
import { Series, SeriesQuery, Word } from './series.ts'
import { Bytes, Count } from './time-range.ts'

const hostFilters = {
  stream_id: StreamId.optional(),
  node_id: Word.optional().describe('The media host'),
  cluster_id: Word.optional(),
}

export const qualityDimensions = ['stream_id', 'node_id', 'cluster_id', 'protocol'] as const

export const QualityQuery = SeriesQuery(qualityDimensions, {
  ...hostFilters,
  protocol: Word.optional().describe("Of the viewers; the stream's own figures belong to none"),
})
export type QualityQuery = z.infer<typeof QualityQuery>

const Ratio = z.number().min(0).max(1).nullable()
const Mean = z.number().nonnegative().nullable()

export const qualityFigures = {
  egress_bytes: Bytes.describe('Sent to the viewers that were polled, between one poll and the next'),
  viewer_bitrate_bps: Mean.describe(
    'Bits a second sent to one viewer: all bytes over all viewing time that polls cover. Null where nobody was polled',
  ),
  packet_loss: Ratio.describe(
    'Packets lost, as a share of those sent to viewers between polls; null where no protocol counts packets',
  ),
  packet_retransmission: Ratio.describe('Packets sent again, as a share of those sent to viewers'),
  buffer_full_seconds: Count.describe("Seconds in which the stream's buffer on a host was full, all hosts added up"),
  buffer_dry_seconds: Count.describe('Seconds from running dry until it recovers'),
  buffer_recover_seconds: Count.describe('Seconds of filling up again'),
  rebuffers: Count.describe(
    "Times that the stream's buffer on a host ran dry. It is the host's buffer: what a player does with its own is not seen",
  ),
  rebuffer_ratio: Ratio.describe('Dry seconds as a share of full, dry and recovering ones'),
  fps: Mean.describe('Frames a second of the fastest video track, weighted by the time that it had them'),
  ingress_bitrate_bps: Mean.describe(
    'Bits a second that hosts received from publishers, over the time that polls cover; replicas are left out',
  ),
  startups: Count.describe('Times that a stream became ready on a host and its buffer then filled'),
  startup_ms: Mean.describe(
    'Mean time from when a stream became ready on a host to its first full buffer, from when on it plays without a gap',
  ),
}

export const Quality = Series(qualityFigures).meta({ id: 'Quality' })
export type Quality = z.infer<typeof Quality>

export const analyticsQuality = endpoint({
  method: 'GET',
  path: '/analytics/quality',
  request: QualityQuery,
  response: Quality,
  refusals: ['not_found'],
})

export const tierDimensions = ['tier', 'codec', 'stream_id', 'node_id', 'cluster_id'] as const

export const TiersQuery = SeriesQuery(tierDimensions, {
  ...hostFilters,
  tier: z
    .enum(['2160p', '1440p', '1080p', '720p', '480p', 'sd', 'audio'])
    .optional()
    .describe('By the shorter side of the largest video track; `sd` is below 480, `audio` has no video'),
  codec: Word.optional().describe('Of that track'),
})
export type TiersQuery = z.infer<typeof TiersQuery>

export const tierFigures = {
  minutes: z
    .number()
    .nonnegative()
    .describe(
      'Minutes that streams had these tracks, from one list of tracks to the next or to the end, on the hosts that take them in; replicas are left out',
    ),
  streams: Count.describe('Different streams. It does not add up'),
}

export const Tiers = Series(tierFigures).meta({ id: 'Tiers' })
export type Tiers = z.infer<typeof Tiers>

export const analyticsTiers = endpoint({
  method: 'GET',
  path: '/analytics/tiers',
  request: TiersQuery,
  response: Tiers,
  refusals: ['not_found'],
})
