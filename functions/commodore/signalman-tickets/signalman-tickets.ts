import type { z } from 'zod'
import { requireTenant, type Scope, scopesOf } from '../../../shared/context.ts'
import type { IssuedTicket } from '../../../shared/contract/signalman.ts'
import { TICKET_SECONDS } from '../../../shared/contract/signalman-limits.ts'
import { signTicket } from '../../../shared/identity/signer.ts'
import type { Ctx } from '../deps.ts'

/** What lets one see live events; a ticket carries no more. */
const telling: readonly Scope[] = ['streams:read', 'analytics:read', 'infrastructure:read']

/** A ticket for Signalman with what the caller may see now; 403 for somebody who may see nothing. */
export async function issueTicket(ctx: Ctx): Promise<z.infer<typeof IssuedTicket>> {
  const { actor } = ctx
  const granted = actor.kind === 'user' ? scopesOf(actor.role) : actor.kind === 'api_token' ? actor.scopes : []
  const scopes = telling.filter((scope) => granted.includes(scope))
  const tenant_id = requireTenant(ctx, scopes[0] ?? 'streams:read')
  const sub = actor.kind === 'user' ? actor.user_id : actor.kind === 'api_token' ? actor.token_id : ''
  return {
    ticket: await signTicket(ctx.signer, { sub, tenant_id, scopes }, 'signalman'),
    expires_in: TICKET_SECONDS,
  }
}
