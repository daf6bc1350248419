import { call } from '../../../shared/client/client.ts'
import { authorizeIngest, PRESENTED_LENGTH_MAX } from '../../../shared/contract/commodore.ts'
import type { IngestAnswer, IngestProtocol } from '../../../shared/contract/foghorn.ts'
import { Fault } from '../../../shared/fault.ts'
import { type Admitted, choose, toCandidate } from '../choose.ts'
import type { Ctx } from '../deps.ts'
import { toDenial, toRefusal } from '../play/refusal.ts'
import { toUrls } from '../protocol.ts'
import type { Caller } from '../request.ts'

/** What may be a stream key at all; anything else is not asked about. */
const STREAM_KEY = new RegExp(`^[\\w-]{1,${PRESENTED_LENGTH_MAX}}$`)

export interface IngestRequest {
  stream_key: string
  /** Null where any will do. */
  protocol: IngestProtocol | null
  caller: Caller
  probe: boolean
}

/** The best hosts for a publisher with `stream_key`; a `Fault` says why there is none. */
export async function ingest(ctx: Ctx, { stream_key, protocol, caller, probe }: IngestRequest): Promise<IngestAnswer> {
  requireAllowance(ctx, caller)
  const asked = { want: 'ingest', ingest: protocol, caller, probe } as const
  const { playback_id, ranked, nearest, stale_ms } = await choose(ctx, asked, () =>
    admit(ctx, { stream_key, protocol, caller }),
  )
  const candidates = ranked.map((candidate) => ({
    ...toCandidate(candidate),
    urls: toUrls(candidate.host.ingest_templates, candidate.host.address, stream_key, ''),
  }))
  if (candidates.length === 0) throw toRefusal(nearest)
  return { playback_id, candidates, stale_ms }
}

async function admit(ctx: Ctx, { stream_key, protocol, caller }: Omit<IngestRequest, 'probe'>): Promise<Admitted> {
  if (!STREAM_KEY.test(stream_key)) throw toDenial('unknown_key')
  const verdict = await call(
    ctx.commodore,
    authorizeIngest,
    {
      stream_key,
      protocol: protocol ?? 'any',
      ...(caller.address !== undefined && { publisher_host: caller.address }),
    },
    { requestId: ctx.request_id },
  )
  if (!verdict.allowed) throw toDenial(verdict.reason)
  const { runtime_name, playback_id, cluster_ids = [] } = verdict
  return { runtime_name, playback_id, cluster_ids }
}

/** Without an address, as behind no front of ours, nobody is told apart and nobody is held up. */
function requireAllowance(ctx: Ctx, { address }: Caller): void {
  const retryAfterSeconds = address === undefined ? 0 : ctx.allowance.take(address)
  if (retryAfterSeconds === 0) return
  throw new Fault('rate_limited', 'too_many_attempts', 'Too many questions about stream keys from here.', {
    retryAfterSeconds,
  })
}
