import { requireNode } from '../../../shared/context.ts'
import { type Location, STREAM_NAME_CHARS_MAX } from '../../../shared/contract/foghorn.ts'
import { Fault } from '../../../shared/fault.ts'
import { choose } from '../choose.ts'
import type { Question } from '../decision/decision.ts'
import type { Ctx } from '../deps.ts'
import { toDenial } from '../play/refusal.ts'
import type { Caller } from '../request.ts'

export interface SourceRequest {
  /** Runtime name. */
  stream: string
  caller: Caller
  location: Location | null
  adjust: Question['adjust']
}

/**
 * Where a media host pulls a stream from that it does not have, as `dtsc://host:port`; null when no other host has it from
 * its publisher, or when the stream is none that the asking host may serve: it learns no more than that.
 */
export async function findSource(ctx: Ctx, { stream, ...request }: SourceRequest): Promise<string | null> {
  const { node_id: asker, cluster_id } = requireNode(ctx)
  try {
    const { ranked } = await choose(ctx, { want: 'source', asker, ...request }, async () => {
      if (stream.length > STREAM_NAME_CHARS_MAX) throw toDenial('unknown_stream')
      const asked = { runtime_name: stream, source: true }
      const verdict = await ctx.verdicts.get(asked, { requestId: ctx.request_id, defer: ctx.defer })
      if (!verdict.allowed) throw toDenial(verdict.reason)
      if (!verdict.cluster_ids.includes(cluster_id)) throw toDenial('cluster_not_entitled')
      return verdict
    })
    return ranked[0]?.host.dtsc ?? null
  } catch (error) {
    if (error instanceof Fault && error.status < 500) return null
    throw error
  }
}
