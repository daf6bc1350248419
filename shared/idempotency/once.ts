import { sql, type Transaction } from 'kysely'
import { Fault } from '../fault.ts'
import { sha256Hex } from '../random.ts'
import { seal, unseal } from './seal.ts'

/** How long a repeated request gets the first one's answer. */
export const IDEMPOTENCY_HOURS = 24

/** A request that may come twice. Without a `key` it is done each time. */
export interface Repeatable {
  key: string | undefined
  tenantId: string
  /** Which operation; one key may name a request of each. */
  operation: string
  /** What was asked, as parsed. */
  input: unknown
  now: Date
}

/**
 * Does `work` once for an idempotency key, in the caller's transaction, and gives every repeat the first answer; 422
 * when the key comes with another input. Of two at once the second waits for the first. The answer is kept sealed under
 * the key itself, of which only a hash is kept, so a secret in it stays readable for nobody but the caller. The schema
 * of the service has a table `idempotency_keys`.
 */
export async function once<Tables, R>(
  tx: Transaction<Tables>,
  request: Repeatable,
  work: () => Promise<R>,
): Promise<R> {
  const { key, tenantId, operation, input, now } = request
  if (key === undefined) return work()
  const secret = `${tenantId}:${operation}:${key}`
  const keyHash = await sha256Hex(secret)
  const requestHash = await sha256Hex(JSON.stringify(input))
  await sql`delete from idempotency_keys where tenant_id = ${tenantId} and expires_at <= ${now}`.execute(tx)
  const expires = new Date(now.getTime() + IDEMPOTENCY_HOURS * 3_600_000)
  const { numAffectedRows } = await sql`
    insert into idempotency_keys (tenant_id, key_hash, request_hash, sealed_answer, expires_at)
    values (${tenantId}, ${keyHash}, ${requestHash}, '', ${expires})
    on conflict do nothing`.execute(tx)
  if (numAffectedRows === 0n) return repeat(tx, { keyHash, requestHash, secret, tenantId })
  const answer = await work()
  const sealed = await seal(JSON.stringify(answer), secret)
  await sql`update idempotency_keys set sealed_answer = ${sealed}
    where tenant_id = ${tenantId} and key_hash = ${keyHash}`.execute(tx)
  return answer
}

interface Known {
  keyHash: string
  requestHash: string
  secret: string
  tenantId: string
}

async function repeat<Tables, R>(tx: Transaction<Tables>, known: Known): Promise<R> {
  const { rows } = await sql<{ request_hash: string; sealed_answer: string }>`
    select request_hash, sealed_answer from idempotency_keys
    where tenant_id = ${known.tenantId} and key_hash = ${known.keyHash}`.execute(tx)
  const [row] = rows
  if (row?.request_hash === known.requestHash) return JSON.parse(await unseal(row.sealed_answer, known.secret))
  throw new Fault('unprocessable', 'idempotency_key_reused', 'The Idempotency-Key was used for another request.')
}
