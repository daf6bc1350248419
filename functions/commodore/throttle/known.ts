import { sha256Hex } from '../../../shared/random.ts'
import type { Ctx } from '../deps.ts'

/** How long a network from which an account was signed in to is known. */
export const KNOWN_DAYS = 30

/** Remembers that the account's owner signs in from this network. */
export async function remember(ctx: Ctx, email: string, network: string): Promise<void> {
  const key_hash = await keyOf(email, network)
  const full_at = new Date(ctx.now().getTime() + KNOWN_DAYS * 86_400_000)
  await ctx.db.within({ lookup: key_hash }, (tx) =>
    tx
      .insertInto('throttles')
      .values({ key_hash, full_at })
      .onConflict((conflict) => conflict.column('key_hash').doUpdateSet({ full_at }))
      .execute(),
  )
}

/** Whether the account's owner signed in from this network lately. */
export async function isKnown(ctx: Ctx, email: string, network: string): Promise<boolean> {
  const key_hash = await keyOf(email, network)
  return ctx.db.within({ lookup: key_hash }, async (tx) => {
    const kept = tx.selectFrom('throttles').select('full_at').where('key_hash', '=', key_hash)
    return (await kept.where('full_at', '>', ctx.now()).executeTakeFirst()) !== undefined
  })
}

function keyOf(email: string, network: string): Promise<string> {
  return sha256Hex(`login.known:${email} ${network}`)
}
