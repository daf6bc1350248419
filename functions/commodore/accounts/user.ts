import type { Selectable } from 'kysely'
import type { z } from 'zod'
import type { User } from '../../../shared/contract/accounts.ts'
import type { Tables } from '../tables.ts'

/** A user as the API shows it. */
export function toInfo({ id, email, name, operator, created_at }: Selectable<Tables['users']>): z.infer<typeof User> {
  return { id, email, name, operator, created_at: created_at.toISOString() }
}
