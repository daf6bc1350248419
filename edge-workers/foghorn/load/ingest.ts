import { choose } from '../choose.ts'
import type { Ctx } from '../deps.ts'
import type { Caller } from '../request.ts'
import { readable } from './clusters.ts'
import type { LoadQuery, Wishes } from './query.ts'
import { NO_HOST } from './viewer.ts'

/** The name of the best host of the caller's clusters for a publisher who needs so much of a processor. */
export async function hostForPublisher(
  ctx: Ctx,
  query: LoadQuery,
  { caller, probe, ...wishes }: Wishes & { caller: Caller; probe: boolean },
): Promise<string> {
  const cluster_ids = await readable(ctx, query)
  const asked = { want: 'ingest', caller, probe, ...wishes, cpu_percent_needed: query.ingest ?? 0 } as const
  // It names no stream: whoever publishes shows the key to the host.
  const { ranked } = await choose(ctx, asked, async () => ({
    runtime_name: '' as const,
    playback_id: null,
    cluster_ids,
  }))
  return ranked[0]?.host.address ?? query.fallback ?? NO_HOST
}
