import { errors, importJWK, jwtVerify } from 'jose'
import type { Selectable, Transaction } from 'kysely'
import { z } from 'zod'
import {
  ASSERTION_AUDIENCE,
  ASSERTION_SECONDS_MAX,
  type IssueNodeTokenRequest,
  type IssueNodeTokenResponse,
} from '../../../shared/contract/quartermaster.ts'
import { Fault } from '../../../shared/fault.ts'
import { ALGORITHM } from '../../../shared/identity/key.ts'
import { NODE_TOKEN_SECONDS, signNodeToken } from '../../../shared/identity/signer.ts'
import { CLOCK_TOLERANCE_SECONDS } from '../../../shared/identity/verifier.ts'
import { enterTenant } from '../../../shared/postgres/database.ts'
import { sha256Hex } from '../../../shared/random.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'

type Node = Selectable<Tables['nodes']>

const Assertion = z.object({ exp: z.number().int(), jti: z.string().min(8).max(128) })
type Assertion = z.infer<typeof Assertion>

/** A short token for a host that proves its key by an assertion, which is good for one token only. */
export async function issueToken(
  ctx: Ctx,
  { node_id, assertion }: z.infer<typeof IssueNodeTokenRequest>,
): Promise<z.infer<typeof IssueNodeTokenResponse>> {
  const cluster_id = await ctx.db.within({ lookup: node_id }, async (tx) => {
    const node = await tx.selectFrom('nodes').selectAll().where('id', '=', node_id).executeTakeFirst()
    // An unknown node and a wrong key look the same from outside.
    if (!node) throw invalidAssertion()
    const claims = await check(node, assertion, ctx.now())
    if (node.mode === 'disabled') throw new Fault('forbidden', 'node_disabled', 'The node is disabled.')
    await enterTenant(tx, node.tenant_id)
    await use(tx, node, claims, ctx.now())
    await tx.updateTable('nodes').set({ last_seen_at: ctx.now() }).where('id', '=', node.id).execute()
    return node.cluster_id
  })
  return { token: await signNodeToken(ctx.signer, { sub: node_id, cluster_id }), expires_in: NODE_TOKEN_SECONDS }
}

async function check(node: Node, assertion: string, now: Date): Promise<Assertion> {
  const key = await importJWK(node.public_jwk, ALGORITHM)
  const options = { algorithms: [ALGORITHM], issuer: node.id, audience: ASSERTION_AUDIENCE, currentDate: now }
  const { payload } = await jwtVerify(assertion, key, {
    ...options,
    requiredClaims: ['exp', 'jti'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
  }).catch((error) => {
    if (error instanceof errors.JOSEError) throw invalidAssertion()
    throw error
  })
  const claims = Assertion.safeParse(payload)
  const latest = now.getTime() / 1000 + ASSERTION_SECONDS_MAX + CLOCK_TOLERANCE_SECONDS
  if (!claims.success || claims.data.exp > latest) throw invalidAssertion()
  return claims.data
}

/** Remembers the assertion until nobody could use it any more; the primary key decides between two at once. */
async function use(tx: Transaction<Tables>, node: Node, { exp, jti }: Assertion, now: Date): Promise<void> {
  const own = tx.deleteFrom('used_assertions').where('node_id', '=', node.id)
  await own.where('expires_at', '<=', now).execute()
  const used = {
    tenant_id: node.tenant_id,
    node_id: node.id,
    jti_hash: await sha256Hex(jti),
    expires_at: new Date((exp + CLOCK_TOLERANCE_SECONDS) * 1000),
  }
  const insert = tx
    .insertInto('used_assertions')
    .values(used)
    .onConflict((conflict) => conflict.doNothing())
  const { numInsertedOrUpdatedRows = 0n } = await insert.executeTakeFirstOrThrow()
  if (numInsertedOrUpdatedRows === 0n) {
    throw new Fault('unauthenticated', 'assertion_replayed', 'The assertion was used before; sign a new one.')
  }
}

function invalidAssertion() {
  return new Fault('unauthenticated', 'assertion_invalid', 'The assertion is not valid.')
}
