import type { z } from 'zod'
import { call } from '../../../shared/client/client.ts'
import { type Actor, requireTenant } from '../../../shared/context.ts'
import { type RecordChangeRequest, recordChange } from '../../../shared/contract/quartermaster.ts'
import type { Ctx } from '../deps.ts'

type Change = Omit<z.input<typeof RecordChangeRequest>, 'actor' | 'address'>

/** Has a change written down in the tenant's audit log before it is made: what cannot be written down is not changed. */
export async function record(ctx: Ctx, change: Change): Promise<void> {
  const tenant_id = requireTenant(ctx, 'infrastructure:write')
  const { actor, address = null, request_id: requestId } = ctx
  await call(ctx.quartermaster, recordChange, { ...change, tenant_id, actor: nameOf(actor), address }, { requestId })
}

function nameOf(actor: Actor) {
  if (actor.kind === 'user') return { kind: actor.kind, id: actor.user_id }
  if (actor.kind === 'api_token') return { kind: actor.kind, id: actor.token_id }
  throw new TypeError(`a ${actor.kind} has no tenant`)
}
