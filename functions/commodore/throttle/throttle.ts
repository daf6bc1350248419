import { sql } from 'kysely'
import { Fault } from '../../../shared/fault.ts'
import { sha256Hex } from '../../../shared/random.ts'
import type { Ctx } from '../deps.ts'

/** So many at once, and one more each `refill_seconds`. */
export interface Allowance {
  /** What is counted, `login.account` say. */
  name: string
  burst: number
  refill_seconds: number
}

/** An allowance and who uses it: an address, an e-mail address. */
export interface Use {
  allowance: Allowance
  subject: string
}

/**
 * Takes one from each allowance, or from none and throws `rate_limited` with the time to wait. Postgres counts, in one row for
 * each subject, so all copies of a function count together; of two at the limit one gets through.
 */
export async function take(ctx: Ctx, ...uses: readonly Use[]): Promise<void> {
  const keyed = await withKeys(uses)
  const now = ctx.now()
  await ctx.db.within({ lookup: keyed.map(({ key }) => key).join() }, async (tx) => {
    for (const { key, allowance } of keyed) {
      const { burst, refill_seconds: refill } = allowance
      const one = sql`make_interval(secs => ${refill})`
      const { rows } = await sql<{ full_at: Date }>`
        insert into throttles as t (key_hash, full_at) values (${key}, ${now}::timestamptz + ${one})
        on conflict (key_hash) do update set full_at = greatest(t.full_at, ${now}) + ${one}
        where greatest(t.full_at, ${now}) + ${one} <= ${now}::timestamptz + make_interval(secs => ${burst * refill})
        returning full_at`.execute(tx)
      if (rows.length > 0) continue
      const kept = await tx
        .selectFrom('throttles')
        .select('full_at')
        .where('key_hash', '=', key)
        .executeTakeFirstOrThrow()
      const wait = (kept.full_at.getTime() - now.getTime()) / 1000 - (burst - 1) * refill
      throw new Fault('rate_limited', 'too_many_attempts', 'Too many attempts; wait before the next.', {
        retryAfterSeconds: Math.max(1, Math.ceil(wait)),
      })
    }
  })
}

/** Gives one back to each: what was taken turned out not to count. */
export async function giveBack(ctx: Ctx, ...uses: readonly Use[]): Promise<void> {
  const keyed = await withKeys(uses)
  await ctx.db.within({ lookup: keyed.map(({ key }) => key).join() }, async (tx) => {
    for (const { key, allowance } of keyed) {
      await sql`update throttles set full_at = full_at - make_interval(secs => ${allowance.refill_seconds})
        where key_hash = ${key}`.execute(tx)
    }
  })
}

/** Sorted, so that two who take the same allowances wait for each other and not in a circle. */
async function withKeys(uses: readonly Use[]) {
  const keyed = uses.map(async ({ allowance, subject }) => ({
    key: await sha256Hex(`${allowance.name}:${subject}`),
    allowance,
  }))
  return (await Promise.all(keyed)).toSorted((a, b) => (a.key < b.key ? -1 : 1))
}
