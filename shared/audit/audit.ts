import { sql, type Transaction } from 'kysely'
import type { Actor, Context } from '../context.ts'
import { Fault } from '../fault.ts'
import { newId } from '../ids.ts'

/** One change, in the words of who reads the log. */
export interface Change {
  /** A noun and what was done to it, `stream.created`; stable. */
  action: `${string}.${string}`
  object_id: string
  /** What is worth knowing of it besides. Never a secret, nor what a secret can be found by. */
  details?: Readonly<Record<string, unknown>>
  /** Who did it, where a service tells of a change that somebody made there. */
  by?: { kind: Actor['kind']; id: string | null }
}

/**
 * Writes a change to the service's own `audit_log`, in the transaction that makes it: both are kept or neither is. The
 * entry is of the tenant that the transaction acts for, whoever the actor is.
 */
export async function audit<Tables>(
  tx: Transaction<Tables>,
  ctx: Pick<Context, 'actor' | 'now' | 'request_id' | 'address'>,
  { action, object_id, details = {}, by = nameOf(ctx.actor) }: Change,
): Promise<void> {
  const { kind, id } = by
  const { numAffectedRows } = await sql`
    insert into audit_log (id, tenant_id, at, actor_kind, actor_id, address, action, object_id, details, request_id)
    select ${newId('auditEntry')}, nullif(current_setting('app.tenant_id', true), ''), ${ctx.now()}, ${kind}, ${id},
      ${ctx.address ?? null}, ${action}, ${object_id}, ${JSON.stringify(details)}, ${ctx.request_id}
    where coalesce(current_setting('app.tenant_id', true), '') <> ''`.execute(tx)
  if (numAffectedRows === 0n) throw new Fault('internal', 'audit_without_tenant', `${action} is of no tenant.`)
}

function nameOf(actor: Actor): { kind: Actor['kind']; id: string | null } {
  const { kind } = actor
  if (kind === 'user') return { kind, id: actor.user_id }
  if (kind === 'api_token') return { kind, id: actor.token_id }
  if (kind === 'node') return { kind, id: actor.node_id }
  return { kind, id: kind === 'service' ? actor.service : null }
}
