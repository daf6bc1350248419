import { z } from 'zod'
import { type ListQuery, Session, type SessionPage } from '../../../shared/contract/periscope-query.ts'
import type { Ctx } from '../deps.ts'
import { rangeOfPage } from '../rows/list.ts'
import { pageOf, startOf } from '../rows/page.ts'
import { textOrNull, whole } from '../rows/row.ts'
import { whole as wholeValue } from '../rows/source.ts'
import { streamReaderOf } from './reader.ts'

const Row = Session.extend({
  node_id: textOrNull,
  cluster_id: textOrNull,
  seconds: whole,
  egress_bytes: whole,
  ingress_bytes: whole,
  country_code: textOrNull,
  city: textOrNull,
  started_at: z.string(),
})

/** Finished sessions of a stream, the latest end first. */
export async function listSessions(ctx: Ctx, streamId: string, query: ListQuery): Promise<SessionPage> {
  const { ask, rows } = await streamReaderOf(ctx, streamId)
  const { at, id } = startOf(query)
  const found = await ask(Row)`
    SELECT event_id, session_id, node_id, cluster_id, subtractSeconds(occurred_at, seconds) AS started_at,
      occurred_at AS ended_at, seconds, egress_bytes, ingress_bytes, host, connector, country_code, city, provenance
    FROM ${rows('final_sessions', rangeOfPage(query))}
    WHERE (occurred_at, event_id) < (fromUnixTimestamp64Milli(${at}), ${id})
    ORDER BY occurred_at DESC, event_id DESC LIMIT ${wholeValue(query.limit + 1)}`
  return pageOf(found, query.limit, ({ ended_at }) => ended_at)
}
