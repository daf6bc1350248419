import type { JobDeps } from './jobs.ts'

/** Removes what has run out: registrations and tokens that nobody redeemed, allowances that are whole again. */
export async function sweep({ db, clock }: JobDeps): Promise<void> {
  await db.within({ job: 'sweep' }, async (tx) => {
    await tx.deleteFrom('registrations').where('expires_at', '<=', clock()).execute()
    await tx.deleteFrom('mailed_tokens').where('expires_at', '<=', clock()).execute()
    await tx.deleteFrom('throttles').where('full_at', '<=', clock()).execute()
  })
}
