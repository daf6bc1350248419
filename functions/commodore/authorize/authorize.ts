export * as Authorize from './authorize.ts'

import { type Selectable, sql } from 'kysely'
import type { z } from 'zod'
import { type Context, requireNode, requireService } from '../../../shared/context.ts'
import type {
  AuthorizeIngestRequest,
  AuthorizeIngestResponse,
  AuthorizePlaybackRequest,
  AuthorizePlaybackResponse,
  Denial,
} from '../../../shared/contract/commodore.ts'
import { sha256Hex } from '../../../shared/random.ts'
import type { Ctx } from '../deps.ts'
import { openAddresses } from '../push-targets/address.ts'
import { readPlaybackId, readRuntimeName, toRuntimeName } from '../streams/names.ts'
import type { Tables } from '../tables.ts'
import { publishingBy } from './publishing.ts'
import type { Routing } from './routing.ts'
import { viewerRules } from './viewer-rules.ts'
import { judgeToken } from './viewer-token.ts'

type Stream = Selectable<Tables['streams']>
type Named = Pick<Stream, 'id' | 'tenant_id' | 'internal_name' | 'playback_id' | 'enabled'>

/** Whether who presents a stream key may publish, and under which name. */
export async function ingest(
  ctx: Ctx,
  { stream_key }: z.infer<typeof AuthorizeIngestRequest>,
): Promise<z.infer<typeof AuthorizeIngestResponse>> {
  requireMedia(ctx)
  const stream = await publishingBy(ctx, await sha256Hex(stream_key))
  if (!stream) return denied(ctx, 'unknown_key')
  const verdict = await admit(ctx, stream)
  if ('denial' in verdict) return denied(ctx, verdict.denial, stream)
  const answer = { allowed: true as const, ...namesOf(stream), record: stream.record, dvr: stream.dvr }
  if (ctx.actor.kind !== 'node') return { ...answer, cluster_ids: verdict.clusterIds }
  return { ...answer, push_targets: await openAddresses(ctx.encryption, stream.push_targets) }
}

/** Whether a stream may be played, and under which name and where. */
export async function playback(
  ctx: Ctx,
  request: z.infer<typeof AuthorizePlaybackRequest>,
): Promise<z.infer<typeof AuthorizePlaybackResponse>> {
  requireMedia(ctx)
  const { playback_id, runtime_name, purpose } = request
  if (purpose === 'rules') requireService(ctx, 'foghorn')
  const byId = playback_id === undefined ? undefined : readPlaybackId(playback_id)
  const byName = runtime_name === undefined ? undefined : readRuntimeName(runtime_name)
  const stream = await streamNamed(ctx, byId, byName)
  if (!stream) return denied(ctx, playback_id === undefined ? 'unknown_stream' : 'unknown_playback_id')
  const verdict = await admit(ctx, stream)
  if ('denial' in verdict) return denied(ctx, verdict.denial, stream)
  const names = { ...namesOf(stream), cluster_ids: verdict.clusterIds }
  // A media host that starts a stream has shown who it is, to us or to Foghorn.
  if (stream.playback_policy === 'public' || purpose === 'source') return { allowed: true, ...names }
  if (purpose === 'rules') return { allowed: true, ...names, viewer_rules: await viewerRules(ctx, stream) }
  const judgement = await judgeToken(ctx, stream, request)
  if ('denial' in judgement) return denied(ctx, judgement.denial, stream)
  return { allowed: true, ...names, viewer_until: judgement.until.toISOString() }
}

/** A media host by its own token, or Foghorn, which sends people to one. */
function requireMedia(ctx: Context): void {
  if (ctx.actor.kind === 'service') requireService(ctx, 'foghorn')
  else requireNode(ctx)
}

async function streamNamed(ctx: Ctx, playbackId?: string, internalName?: string): Promise<Stream | undefined> {
  const lookup = playbackId ?? internalName
  if (lookup === undefined) return undefined
  const [stream] = await ctx.db.call(sql<Stream>`select * from stream_named(${lookup}, ${playbackId !== undefined})`)
  return stream
}

/** What holds for publishing and playing alike: the stream and its tenant are on, and the host may serve them. */
async function admit(ctx: Ctx, stream: Named): Promise<{ denial: Denial } | { clusterIds: string[] }> {
  if (!stream.enabled) return { denial: 'stream_disabled' }
  const verdict = judgeTenant(ctx, await ctx.routing.of(stream.tenant_id))
  if (!('denial' in verdict)) return verdict
  // A new cluster or payment counts at once.
  const who = ctx.actor.kind === 'node' ? ctx.actor.cluster_id : ctx.actor.kind
  return judgeTenant(ctx, await ctx.routing.beforeDenying(stream.tenant_id, who))
}

type Tenant = Awaited<ReturnType<Routing['of']>>

const denialOf = { active: null, unpaid: 'payment_required', suspended: 'tenant_suspended' } as const

function judgeTenant({ actor }: Ctx, { status, cluster_ids }: Tenant): { denial: Denial } | { clusterIds: string[] } {
  const denial = denialOf[status]
  if (denial !== null) return { denial }
  if (actor.kind === 'node' && !cluster_ids.includes(actor.cluster_id)) return { denial: 'cluster_not_entitled' }
  return { clusterIds: cluster_ids }
}

function denied(ctx: Ctx, reason: Denial, stream?: Named): { allowed: false; reason: string } {
  ctx.log.info('denied', { reason, ...(stream && { stream_id: stream.id, tenant_id: stream.tenant_id }) })
  return { allowed: false, reason }
}

function namesOf({ tenant_id, id, internal_name, playback_id }: Named) {
  return { tenant_id, stream_id: id, internal_name, runtime_name: toRuntimeName(internal_name), playback_id }
}
