import { calculateJwkThumbprint, importJWK } from 'jose'
import { sql, type Transaction } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import type { EnrolNodeRequest, EnrolNodeResponse, NodePublicKey } from '../../../shared/contract/quartermaster.ts'
import { Fault } from '../../../shared/fault.ts'
import { ALGORITHM } from '../../../shared/identity/key.ts'
import { newId } from '../../../shared/ids.ts'
import { invalidInput } from '../../../shared/parse.ts'
import { enterTenant } from '../../../shared/postgres/database.ts'
import { sha256Hex } from '../../../shared/random.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'
import { tell } from '../tell.ts'

type Enrolled = z.infer<typeof EnrolNodeResponse>

/**
 * Lets a host join the cluster of an enrolment token under its own public key. The token is the only credential. The
 * same token and key get the same answer, so a host whose answer was lost asks again.
 */
export async function enrol(ctx: Ctx, input: z.infer<typeof EnrolNodeRequest>): Promise<Enrolled> {
  const thumbprint = await thumbprintOf(input.public_jwk)
  const lookup = await sha256Hex(input.token)
  return ctx.db.within({ lookup }, async (tx) => {
    const token = await lockToken(tx, lookup)
    await requireAddress(tx, token.address_range, ctx.address)
    const before = await tx
      .selectFrom('nodes')
      .select(['id', 'cluster_id'])
      .where('enrolment_token_id', '=', token.id)
      .where('key_thumbprint', '=', thumbprint)
      .executeTakeFirst()
    if (before) return { node_id: before.id, cluster_id: before.cluster_id }
    await spend(tx, token, ctx.now())
    return insert(tx, { ctx, input, token, thumbprint })
  })
}

type Token = Awaited<ReturnType<typeof lockToken>>

/** Holds the token's row, so that two hosts with one token come one after the other. */
async function lockToken(tx: Transaction<Tables>, token_hash: string) {
  const named = tx.selectFrom('enrolment_tokens').where('token_hash', '=', token_hash)
  const owner = await named.select('tenant_id').executeTakeFirst()
  if (!owner) throw refused('enrolment_token_unknown', 'The enrolment token is not known.')
  await enterTenant(tx, owner.tenant_id)
  return named.selectAll().forUpdate().executeTakeFirstOrThrow()
}

/** Before all else, so that from elsewhere not even a repeat is answered. */
async function requireAddress(tx: Transaction<Tables>, range: string | null, address: string | undefined) {
  if (range === null) return
  const { rows } = await sql<{ is_inside: boolean }>`
    select ${address ?? null}::inet <<= ${range}::inet as is_inside`.execute(tx)
  if (!rows[0]?.is_inside) {
    throw refused('enrolment_address_refused', 'The enrolment token is not good from this address.')
  }
}

async function spend(tx: Transaction<Tables>, token: Token, now: Date): Promise<void> {
  if (token.revoked_at) throw refused('enrolment_token_revoked', 'The enrolment token was revoked.')
  if (token.expires_at <= now) throw refused('enrolment_token_expired', 'The enrolment token has expired.')
  if (token.usage_count >= token.usage_limit) throw refused('enrolment_token_used', 'The enrolment token is used up.')
  const usage_count = token.usage_count + 1
  await tx.updateTable('enrolment_tokens').set({ usage_count }).where('id', '=', token.id).execute()
}

interface Joining {
  ctx: Ctx
  input: z.infer<typeof EnrolNodeRequest>
  token: Token
  thumbprint: string
}

async function insert(tx: Transaction<Tables>, { ctx, input, token, thumbprint }: Joining): Promise<Enrolled> {
  const { name, public_jwk, address, location } = input
  const id = newId('node')
  await tx
    .insertInto('nodes')
    .values({
      id,
      tenant_id: token.tenant_id,
      cluster_id: token.cluster_id,
      enrolment_token_id: token.id,
      name,
      public_jwk: JSON.stringify(public_jwk),
      key_thumbprint: thumbprint,
      address: address ?? null,
      location: location ? JSON.stringify(location) : null,
      created_at: ctx.now(),
    })
    .execute()
  const details = { cluster_id: token.cluster_id, enrolment_token_id: token.id, name }
  await audit(tx, ctx, { action: 'node.enrolled', object_id: id, details })
  const data = { node_id: id, cluster_id: token.cluster_id, name }
  await tell(tx, ctx.now(), { tenant_id: token.tenant_id, type: 'node.enrolled', subject: id, data })
  ctx.log.info('node enrolled', { node_id: id, cluster_id: token.cluster_id, tenant_id: token.tenant_id })
  return { node_id: id, cluster_id: token.cluster_id }
}

/** Two numbers of the right length may still be no point of the curve. */
async function thumbprintOf(jwk: z.infer<typeof NodePublicKey>): Promise<string> {
  try {
    await importJWK(jwk, ALGORITHM)
  } catch {
    throw invalidInput([{ path: ['public_jwk'], message: 'is not a P-256 key' }])
  }
  return calculateJwkThumbprint(jwk)
}

function refused(reason: string, message: string) {
  return new Fault('forbidden', reason, message)
}
