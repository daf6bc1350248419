import { z } from 'zod'
import {
  Decision,
  type DecisionPage,
  type DecisionsQuery,
  type Routing,
  type RoutingFilters,
  type RoutingQuery,
} from '../../../shared/contract/routing.ts'
import type { Ctx } from '../deps.ts'
import { rangeOfPage, readPage } from '../rows/list.ts'
import { matching } from '../rows/matching.ts'
import { type Reader, readerOf } from '../rows/reader.ts'
import { json, textOrNull, whole } from '../rows/row.ts'
import { type Filter, fragment, type Source } from '../rows/source.ts'
import { bucketOf } from '../series/bucket-of.ts'
import { type Measure, readSeries } from '../series/series.ts'
import { requireOwnStream } from '../streams/reader.ts'

const Row = Decision.extend({
  stream_id: textOrNull,
  reason_code: textOrNull,
  playback_id: textOrNull,
  protocol: textOrNull,
  country_code: textOrNull,
  city: textOrNull,
  cell: textOrNull,
  node_id: textOrNull,
  cluster_id: textOrNull,
  candidates: json.pipe(Decision.shape.candidates),
  candidates_total: whole,
  decision_us: whole,
})

/** Choices of hosts for the caller's streams, newest first. */
export async function listDecisions(ctx: Ctx, query: DecisionsQuery): Promise<DecisionPage> {
  const reader = readerOf(ctx)
  await requireOwnStream(ctx, query.stream_id)
  const decisions = reader.derive`
    SELECT event_id, at, stream_id, purpose, outcome, reason_code, playback_id, protocol, country_code, city, cell,
      node_id, cluster_id, distance_km, score, score_parts, candidates, candidates_total, decision_us
    FROM ${decisionsOf(reader, rangeOfPage(query), query)}`
  return readPage(reader, Row, decisions, query)
}

const Sums = z.object({
  ...{ decisions: whole, chosen: whole, denied: whole, failed: whole },
  ...{ km: z.number(), known: whole, us: whole, us_max: whole },
})

type Figures = Omit<Routing['points'][number], 'at'>

const measure: Measure<typeof Sums, Figures> = {
  columns: fragment`count() AS decisions, countIf(outcome = 'chosen') AS chosen, countIf(outcome = 'denied') AS denied,
    countIf(outcome IN ('no_host', 'unavailable')) AS failed, sum(ifNull(distance_km, 0)) AS km,
    count(distance_km) AS known, sum(decision_us) AS us, max(decision_us) AS us_max`,
  sums: Sums,
  nothing: { decisions: 0, chosen: 0, denied: 0, failed: 0, km: 0, known: 0, us: 0, us_max: 0 },
  rank: fragment`decisions`,
  toFigures: ({ decisions, chosen, denied, failed, km, known, us, us_max }) => ({
    ...{ decisions, chosen, denied, failed },
    distance_km: known === 0 ? null : km / known,
    decision_us: decisions === 0 ? null : us / decisions,
    decision_us_max: us_max,
  }),
}

/** How hosts were chosen over a range, in buckets and groups. */
export async function readRouting(ctx: Ctx, query: RoutingQuery): Promise<Routing> {
  const reader = readerOf(ctx)
  await requireOwnStream(ctx, query.stream_id)
  const decisions = decisionsOf(reader, query, query)
  const bucketed = reader.derive`SELECT * EXCEPT at, ${bucketOf(query, fragment`decided.at`)} AS at FROM ${decisions} AS decided`
  return readSeries(reader, query, bucketed, measure)
}

/** Decisions under the names that callers know. */
function decisionsOf(reader: Reader, { from, to }: Filter, filters: RoutingFilters): Source {
  const { stream_id, purpose, outcome, reason_code, country_code, cell, protocol, node_id, cluster_id } = filters
  const renamed = reader.derive`
    SELECT * EXCEPT (occurred_at, node_id, cluster_id), occurred_at AS at, h3_cell AS cell, chosen_node_id AS node_id,
      chosen_cluster_id AS cluster_id
    FROM ${reader.rows('routing_decisions', { from, to, stream_id })}`
  return matching(reader, renamed, { purpose, outcome, reason_code, country_code, cell, protocol, node_id, cluster_id })
}
