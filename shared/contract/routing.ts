import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { StreamId } from './fields.ts'
import { Page } from './page.ts'
import { RowsQuery } from './periscope-query.ts'
import { Series, SeriesQuery, Word } from './series.ts'
import { Count, Moment } from './time-range.ts'

export const routingDimensions = [
  'outcome',
  'reason_code',
  'purpose',
  'stream_id',
  'country_code',
  'cell',
  'protocol',
  'node_id',
  'cluster_id',
] as const

const routingFilters = {
  stream_id: StreamId.optional(),
  purpose: z.enum(['play', 'source', 'ingest']).optional(),
  outcome: z.enum(['chosen', 'denied', 'no_host', 'unavailable']).optional(),
  reason_code: Word.optional(),
  country_code: Word.optional(),
  cell: Word.optional().describe('A cell of the H3 grid at resolution 5, in hexadecimal'),
  protocol: Word.optional(),
  node_id: Word.optional().describe('The chosen host'),
  cluster_id: Word.optional().describe('The cluster of the chosen host'),
}
export type RoutingFilters = { [K in keyof typeof routingFilters]?: string | undefined }

export const DecisionsQuery = RowsQuery.extend(routingFilters)
export type DecisionsQuery = z.infer<typeof DecisionsQuery>

/** One choice of a host. */
export const Decision = z
  .object({
    event_id: z.uuid(),
    at: Moment,
    stream_id: z.string().nullable(),
    purpose: z
      .enum(['play', 'source', 'ingest'])
      .describe('`play`: for a viewer; `source`: for a host that pulls the stream; `ingest`: for a publisher'),
    outcome: z.enum(['chosen', 'denied', 'no_host', 'unavailable']),
    reason_code: z.string().nullable().describe('Why nobody was chosen'),
    playback_id: z.string().nullable(),
    protocol: z.string().nullable(),
    country_code: z.string().nullable().describe('Of who asked'),
    city: z.string().nullable(),
    cell: z.string().nullable().describe('A cell of the H3 grid at resolution 5, about 250 km²'),
    node_id: z.string().nullable().describe('The chosen host'),
    cluster_id: z.string().nullable().describe('Its cluster'),
    distance_km: z.number().nonnegative().nullable().describe('From who asked to the chosen host, to 10 km'),
    score: z.number().nullable(),
    score_parts: z.record(z.string(), z.number()).describe('What each part added to the score of the chosen host'),
    candidates: z
      .array(z.object({ node_id: z.string(), score: z.number().nullable(), rejected: z.string().nullable() }))
      .describe('The best ones, and why hosts were ruled out'),
    candidates_total: Count.describe('Hosts that were looked at'),
    decision_us: Count.describe('Time that the choice took, in microseconds'),
  })
  .meta({ id: 'RoutingDecision' })
export type Decision = z.infer<typeof Decision>
export const DecisionPage = Page(Decision)
export type DecisionPage = z.infer<typeof DecisionPage>

export const RoutingQuery = SeriesQuery(routingDimensions, routingFilters)
export type RoutingQuery = z.infer<typeof RoutingQuery>

export const routingFigures = {
  decisions: Count.describe('Times that a host was asked for'),
  chosen: Count.describe('Decisions in which a host was chosen'),
  denied: Count.describe('Decisions in which who asked was not let in'),
  failed: Count.describe('Decisions for which there was no host, or nobody could say'),
  distance_km: z
    .number()
    .nonnegative()
    .nullable()
    .describe('Mean distance to the chosen host, over the decisions that know it; null when none does'),
  decision_us: z.number().nonnegative().nullable().describe('Mean time that a choice took, in microseconds'),
  decision_us_max: Count.describe('The longest, in microseconds'),
}

export const Routing = Series(routingFigures).meta({ id: 'Routing' })
export type Routing = z.infer<typeof Routing>

export const routingDecisions = endpoint({
  method: 'GET',
  path: '/routing/decisions',
  request: DecisionsQuery,
  response: DecisionPage,
  refusals: ['not_found'],
})

export const analyticsRouting = endpoint({
  method: 'GET',
  path: '/analytics/routing',
  request: RoutingQuery,
  response: Routing,
  refusals: ['not_found'],
})
