import { z } from 'zod'
import { audienceFigures } from './audience.ts'
import { endpoint } from './endpoint.ts'
import { Usage } from './periscope-query.ts'
import { qualityFigures } from './quality.ts'
import { routingFigures } from './routing.ts'
import { Series, SeriesQuery } from './series.ts'
import { Count, Moment } from './time-range.ts'

/** Entries of each list of an overview: what a dashboard shows without scrolling. */
export const TOP_MAX = 10

export const OverviewQuery = SeriesQuery(['stream_id'], {}).transform(({ from, to, bucket, time_zone }) => {
  return { from, to, bucket, time_zone }
})
export type OverviewQuery = z.infer<typeof OverviewQuery>

const top = z
  .array(z.object({ value: z.string().nullable().describe('Null where it is not known'), ...audienceFigures }))
  .max(TOP_MAX)

/** All that a dashboard begins with. */
export const Overview = z
  .object({
    from: Moment,
    to: Moment,
    now: z
      .object({
        at: Moment,
        streams_live: Count.describe('Streams that are live on a host'),
        streams_unknown: Count.describe('Streams that were on, and whose hosts have not been heard for two minutes'),
        viewers: Count.describe('Sessions that watch, as of the last poll of each host'),
        hosts: Count.describe('Media hosts of your clusters that were heard in the last two minutes'),
        hosts_healthy: Count.describe('Those of them that are healthy'),
      })
      .describe('The state now, whatever the range'),
    viewers: Series(audienceFigures).pick({ total: true, points: true }),
    top_streams: top.describe('The most watched streams'),
    top_countries: top.describe('The countries that watched most'),
    top_protocols: top.describe('The protocols that were watched most'),
    quality: z.object(qualityFigures).describe('Over the whole range and all streams'),
    routing: z.object(routingFigures).describe('Over the whole range and all streams'),
    usage: Usage.omit({ stream_id: true, from: true, to: true, windows: true }),
  })
  .meta({ id: 'Overview' })
export type Overview = z.infer<typeof Overview>

export const analyticsOverview = endpoint({
  method: 'GET',
  path: '/analytics/overview',
  request: OverviewQuery,
  response: Overview,
})
