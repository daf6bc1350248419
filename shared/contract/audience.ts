import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { StreamId } from './fields.ts'
import { Series, SeriesQuery, Word } from './series.ts'
import { Count } from './time-range.ts'

/** Where a viewer is and how they watch. A host does not tell what device it is. */
export const audienceDimensions = [
  'stream_id',
  'country_code',
  'city',
  'cell',
  'protocol',
  'node_id',
  'cluster_id',
] as const

export const audienceFilters = {
  stream_id: StreamId.optional(),
  country_code: Word.optional(),
  city: Word.optional().describe('Country code and city, such as `NL/Delft`'),
  cell: Word.optional().describe('A cell of the H3 grid at resolution 5, in hexadecimal'),
  protocol: Word.optional().describe('As the host names it, such as `HLS` or `WebRTC`'),
  node_id: Word.optional().describe('The media host'),
  cluster_id: Word.optional(),
}
export type AudienceFilters = { [K in keyof typeof audienceFilters]?: string | undefined }

export const AudienceQuery = SeriesQuery(audienceDimensions, audienceFilters)
export type AudienceQuery = z.infer<typeof AudienceQuery>

export const audienceFigures = {
  viewers: z
    .number()
    .nonnegative()
    .describe('Concurrent viewers: the mean over the time of the sessions that were open, finished or not'),
  viewers_peak: Count.describe('Most sessions that were open at the same moment'),
  viewers_unique: Count.describe(
    'Different session ids. A viewer who returns with the same address and token has the same id. It is counted anew for each bucket and group, so it does not add up',
  ),
  viewer_hours: z.number().nonnegative().describe('Hours watched within the time, finished sessions or not'),
}

/**
 * Sessions laid over time. One that has not ended counts until a minute after it was last heard of. Viewers over SRT are
 * outputs to a host and not among them.
 */
export const Audience = Series(audienceFigures).meta({ id: 'Audience' })
export type Audience = z.infer<typeof Audience>

export const analyticsViewers = endpoint({
  method: 'GET',
  path: '/analytics/viewers',
  request: AudienceQuery,
  response: Audience,
})
