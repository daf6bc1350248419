import { sql } from 'kysely'
import { LRUCache } from 'lru-cache'
import type { z } from 'zod'
import type { Clock } from '../../../shared/clock.ts'
import { type Role, requireService } from '../../../shared/context.ts'
import type { VerifySessionRequest, VerifySessionResponse } from '../../../shared/contract/accounts.ts'
import type { Database } from '../../../shared/postgres/database.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'
import { TENANT_SERVICES } from '../tenant-services.ts'

/** How long a standing is used without reading it again: what another instance of Commodore ends goes on here for no longer. */
export const STANDING_FRESH_MS = 1_000
export const STANDINGS_MAX = 10_000

type Asked = z.infer<typeof VerifySessionRequest>
type Verdict = z.infer<typeof VerifySessionResponse>

interface Row {
  active: boolean
  operator: boolean
  role: Role | null
  session_lives: boolean
}

/** What users are now, read for each request of theirs and remembered for a moment. */
export interface Standings {
  of(asked: Asked): Promise<Verdict>
  /** What a user may have lost counts here at once. */
  forget(userId: string): void
}

export function createStandings(db: Database<Tables>, clock: Clock): Standings {
  // The last session of each user: one who goes on in two at once is read more often.
  const known = new LRUCache<string, Asked & { verdict: Verdict }>({
    max: STANDINGS_MAX,
    ttl: STANDING_FRESH_MS,
    perf: { now: () => clock().getTime() },
    ttlResolution: 0,
  })
  return {
    of: async ({ user_id, session_id, tenant_id }) => {
      const last = known.get(user_id)
      if (last?.session_id === session_id && last?.tenant_id === tenant_id) return last.verdict
      const verdict = await judge(db, { user_id, session_id, tenant_id })
      known.set(user_id, { user_id, session_id, tenant_id, verdict })
      return verdict
    },
    forget: (userId) => known.delete(userId),
  }
}

/** Says for another service what a user of a token is now. */
export async function verifySession(ctx: Ctx, asked: Asked): Promise<Verdict> {
  requireService(ctx, ...TENANT_SERVICES)
  return judge(ctx.db, asked)
}

/** What a user is now: the session must not have ended, and its user be active and still in the tenant. */
async function judge(db: Database<Tables>, { user_id, session_id, tenant_id }: Asked): Promise<Verdict> {
  const session = session_id ?? null
  const [row] = await db.call(sql<Row>`select * from standing(${user_id}, ${session}, ${tenant_id})`)
  if (!row?.active) return { valid: false, reason: 'account_disabled' }
  if (!row.session_lives) return { valid: false, reason: 'session_revoked' }
  if (row.role === null) return { valid: false, reason: 'membership_ended' }
  return { valid: true, role: row.role, operator: row.operator }
}
