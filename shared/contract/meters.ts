import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { StreamId } from './fields.ts'
import { meters, USAGE_STEP_SECONDS_MIN } from './periscope-query.ts'
import { Series, SeriesQuery, Word } from './series.ts'
import { Count, Moment } from './time-range.ts'

const isWindow = (moment: string) => Date.parse(moment) % (USAGE_STEP_SECONDS_MIN * 1000) === 0
const windows = { error: 'usage is kept in windows of five minutes: begin and end at one' }

export const meterDimensions = ['stream_id', 'cluster_id'] as const

export const MetersQuery = SeriesQuery(meterDimensions, {
  stream_id: StreamId.optional(),
  cluster_id: Word.optional(),
})
  .refine(({ from }) => isWindow(from), { path: ['from'], ...windows })
  .refine(({ to }) => isWindow(to), { path: ['to'], ...windows })
  .refine(({ bucket }) => bucket !== '1m', { path: ['bucket'], error: 'no bucket of usage is finer than 5m' })
export type MetersQuery = z.infer<typeof MetersQuery>

export const meterFigures = Object.fromEntries(
  Object.entries(meters).map(([meter, definition]) => [meter, Count.describe(definition)]),
) as Record<keyof typeof meters, typeof Count>

/**
 * Use by meter: counts, seconds, milliseconds or bytes, as a name ends. It counts where it ends. `run_…` is what hosts counted for whole runs, replicas,
 * pushes and recordings included; those without a prefix are of viewer sessions.
 */
export const Meters = Series(meterFigures)
  .extend({
    complete_until: Moment.describe(
      'Every host that had your streams in the range has been heard since, so nothing that ended before this moment is still on its way',
    ),
    complete: z.boolean().describe('Whether that is so for the whole range'),
  })
  .meta({ id: 'Meters' })
export type Meters = z.infer<typeof Meters>

export const analyticsUsage = endpoint({
  method: 'GET',
  path: '/analytics/usage',
  request: MetersQuery,
  response: Meters,
  refusals: ['not_found'],
})
