import type { Transaction } from 'kysely'
import { audit, type Change } from '../../../shared/audit/audit.ts'
import { enterTenant } from '../../../shared/postgres/database.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'

interface Doing extends Omit<Change, 'object_id'> {
  user_id: string
  /** In whose log it stands; nowhere for a user who is in no tenant yet. */
  tenant_id: string | null
  /** The user, if absent. */
  object_id?: string
}

/** Writes what a user did to the own account, also before anybody is signed in. The transaction then acts for that tenant. */
export async function auditUser(
  tx: Transaction<Tables>,
  ctx: Ctx,
  { user_id, tenant_id, object_id = user_id, ...change }: Doing,
): Promise<void> {
  if (tenant_id === null) return
  await enterTenant(tx, tenant_id)
  const actor = { kind: 'user', user_id, tenant_id, role: 'viewer', operator: false } as const
  await audit(tx, { ...ctx, actor }, { ...change, object_id })
}
