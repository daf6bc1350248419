import type { z } from 'zod'
import { type Client, call } from '../../../shared/client/client.ts'
import type { Endpoint } from '../../../shared/contract/endpoint.ts'
import { PAGE_LIMIT_MAX } from '../../../shared/contract/page.ts'
import { streamSessions, streamTracks, streamUsage, unattributed } from '../../../shared/contract/periscope-query.ts'
import type { ExpectedSession, Sums } from './expected.ts'

/** What Periscope Query says of one stream, in the shape of what is expected. */
export interface Answered {
  sums: Sums
  sessions: ExpectedSession[]
  tracks: string[][]
}

interface Range {
  from: string
  to: string
}

/** Everything that is known of a stream within a range. */
export async function askAbout(client: Client, id: string, range: Range): Promise<Answered> {
  const usage = await call(client, streamUsage, { id, ...range })
  const sessions = await listAll(client, streamSessions, { id, ...range })
  const lists = await listAll(client, streamTracks, { id, ...range })
  const oldestFirst = lists.toReversed().map(({ tracks }) => tracks.map(({ track }) => track).sort())
  return {
    sums: {
      sessions: usage.sessions,
      viewer_seconds: usage.viewer_seconds,
      egress_bytes: usage.egress_bytes,
      ingress_bytes: usage.ingress_bytes,
      runs: usage.runs.count,
      run_ingress_bytes: usage.runs.ingress_bytes,
      run_egress_bytes: usage.runs.egress_bytes,
      run_viewers: usage.runs.viewers,
      run_viewer_seconds: usage.runs.viewer_seconds,
      recordings: usage.recordings,
      recorded_ms: Math.round(usage.recorded_seconds * 1000),
      recorded_bytes: usage.recorded_bytes,
      track_lists: lists.length,
    },
    sessions: sessions.map(({ session_id, seconds, egress_bytes, ingress_bytes }) => ({
      session_id,
      seconds,
      egress_bytes,
      ingress_bytes,
    })),
    tracks: oldestFirst,
  }
}

/** Events within a range of which nobody knows the owner; asked for as an operator. */
export function listUnattributed(operator: Client, range: Range) {
  return listAll(operator, unattributed, range)
}

interface List<Item> {
  data: Item[]
  next_cursor: string | null
}

async function listAll<Input extends z.ZodType, Item>(
  client: Client,
  endpoint: Endpoint<Input, z.ZodType<List<Item>>>,
  query: object,
): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | undefined
  do {
    const page = await call(client, endpoint, { ...query, limit: PAGE_LIMIT_MAX, cursor } as z.input<Input>)
    items.push(...page.data)
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
  return items
}
