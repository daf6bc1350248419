import { z } from 'zod'
import { earlierOf } from '../rows/lasting.ts'
import { textOrNull, wholeOrNull } from '../rows/row.ts'
import { fragment } from '../rows/source.ts'
import type { StreamReader } from './reader.ts'
import type { RegisterRow } from './registers.ts'

const Samples = z.object({
  ...{ aspect: z.enum(['lifecycle', 'ready', 'off', 'figures']), node_id: z.string(), cluster_id: textOrNull },
  ...{ at: z.string(), status: z.string(), cause: z.string(), reason: textOrNull, input_type: textOrNull },
  ...{ replicated: z.boolean().nullable(), viewers: wholeOrNull, inputs: wholeOrNull, outputs: wholeOrNull },
  ...{ tracks: wholeOrNull, ingress_bytes: wholeOrNull, egress_bytes: wholeOrNull, viewer_seconds: wholeOrNull },
  ...{ packets_sent: wholeOrNull, packets_lost: wholeOrNull, packets_retransmitted: wholeOrNull },
  ...{ buffer_ms: wholeOrNull, jitter_ms: wholeOrNull, issues: textOrNull },
})

const Others = z.object({
  ...{ aspect: z.enum(['buffer', 'tracks', 'end']), node_id: z.string(), cluster_id: textOrNull, at: z.string() },
  ...{ state: z.string(), buffer_ms: wholeOrNull, jitter_ms: wholeOrNull, issues: textOrNull },
  tracks: z.string().transform((text): unknown => (text === '' ? [] : JSON.parse(text))),
})

type Register = RegisterRow & { node_id: string; cluster_id: string | null }

const NEWEST = fragment`ORDER BY occurred_at DESC, event_id DESC LIMIT 1 BY node_id`

/** What was known of a stream on its hosts at a moment: the newest events before it, as the registers would have held them. */
export async function readPast({ ask, rows }: StreamReader, moment: string): Promise<Register[]> {
  const range = earlierOf({ from: moment, to: moment })
  const aspects = fragment`arrayJoin(arrayFilter(aspect -> aspect != '', ['lifecycle', if(cause = 'ready', 'ready', ''),
    if(status = 'offline', 'off', ''), if(cause = 'poll', 'figures', '')])) AS aspect`
  const [samples, others] = await Promise.all([
    ask(Samples)`
      SELECT *, occurred_at AS at FROM (SELECT *, ${aspects} FROM ${rows('stream_samples', range)} AS told) AS told
      ORDER BY occurred_at DESC, event_id DESC LIMIT 1 BY node_id, aspect`,
    ask(Others)`
      SELECT 'buffer' AS aspect, node_id, cluster_id, occurred_at AS at, state, buffer_ms, jitter_ms, issues, '' AS tracks
      FROM (SELECT * FROM ${rows('buffer_states', range)} ${NEWEST})
      UNION ALL
      SELECT 'tracks', node_id, cluster_id, occurred_at, '', NULL, NULL, '', tracks
      FROM (SELECT * FROM ${rows('track_lists', range)} ${NEWEST})
      UNION ALL
      SELECT 'end', node_id, cluster_id, occurred_at, '', NULL, NULL, '', ''
      FROM (SELECT * FROM ${rows('final_runs', range)} ${NEWEST})`,
  ])
  return [...samples, ...others].map(({ aspect, node_id, cluster_id, at, ...data }) => {
    return { aspect, node_id, cluster_id, occurred_at: new Date(at), data }
  })
}
