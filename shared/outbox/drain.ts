import { sql } from 'kysely'
import type { Clock } from '../clock.ts'
import { Fault, toFault } from '../fault.ts'
import type { Database } from '../postgres/database.ts'
import { delayBefore } from './delay.ts'

/** How long a claimed message is the claimer's own; after a crash it is claimed again then. */
export const LEASE_MS = 60_000
/** How long a handler may take; shorter than the lease, so that nobody else does the same at the same time. */
export const HANDLER_TIMEOUT_MS = 30_000
/** Messages that are worked on at once. */
export const IN_FLIGHT_MAX = 8
/** After so many attempts (with the usual delays about twelve hours) a message is parked. */
export const ATTEMPTS_MAX = 20
/** Done messages are kept so long, to be looked at. */
export const RETENTION_DAYS = 7

const ERROR_LENGTH_MAX = 500

/** What a handler is told beside the payload. `id` stays the same over repeats: derive what must not happen twice from it. */
export interface MessageMeta {
  id: string
  kind: string
  tenant_id: string | null
  order_key: string | null
  /** 1 at first. */
  attempt: number
  created_at: Date
  signal: AbortSignal
}

/**
 * Does what a message asks. A thrown `Fault` with `retry: false` parks the message with its reason; one with
 * `retryAfterSeconds` says when to try again; anything else is tried again after a growing delay.
 */
export type Handler = (payload: unknown, meta: MessageMeta) => Promise<void>

interface DrainOptions {
  now: Clock
  /** Messages to work on before the call returns. */
  batch_max: number
  signal?: AbortSignal
  handlerTimeoutMs?: number
}

export interface Drained {
  delivered: number
  /** Attempts that failed, parked messages among them. */
  failed: number
  /** Messages of known kinds that were due and are still there. */
  left: number
}

interface Row {
  id: string
  kind: string
  tenant_id: string | null
  order_key: string | null
  payload: unknown
  attempts: number
  created_at: Date
}

/** Works on due messages until none is left or `batch_max` is reached; any number may drain at the same time. */
export async function drain<Tables>(
  db: Database<Tables>,
  handlers: Readonly<Record<string, Handler>>,
  options: DrainOptions,
): Promise<Drained> {
  const total = { delivered: 0, failed: 0 }
  const kinds = Object.keys(handlers)
  while (!options.signal?.aborted) {
    const room = options.batch_max - total.delivered - total.failed
    const lease = crypto.randomUUID()
    const rows =
      room > 0 ? await claim(db, { kinds, lease, now: options.now(), max: Math.min(room, IN_FLIGHT_MAX) }) : []
    if (rows.length === 0) break
    const outcomes = await Promise.all(rows.map((row) => work(db, row, { handlers, lease, options })))
    const delivered = outcomes.filter(Boolean).length
    total.delivered += delivered
    total.failed += outcomes.length - delivered
  }
  return { ...total, left: await settle(db, kinds, options.now()) }
}

interface Claim {
  kinds: readonly string[]
  lease: string
  now: Date
  max: number
}

async function claim<Tables>(db: Database<Tables>, { kinds, lease, now, max }: Claim): Promise<Row[]> {
  const until = new Date(now.getTime() + LEASE_MS)
  return db.within({ job: 'outbox' }, async (tx) => {
    const { rows } = await sql<Row>`
      -- Materialized: else the planner may run the selection, and its limit, more than once.
      with due as materialized (
        select id from outbox as mine
        where done_at is null and parked_at is null and due_at <= ${now} and kind = any (${kinds})
          and (order_key is null or not exists (
            select from outbox as earlier
            where earlier.order_key = mine.order_key and earlier.seq < mine.seq
              and earlier.done_at is null and earlier.parked_at is null))
        order by due_at, seq limit ${max} for update skip locked)
      update outbox set due_at = ${until}, lease = ${lease}, attempts = attempts + 1
      where id in (select id from due)
      returning id, kind, tenant_id, order_key, payload, attempts, created_at`.execute(tx)
    return rows
  })
}

interface Work {
  handlers: Readonly<Record<string, Handler>>
  lease: string
  options: DrainOptions
}

/** Does one message and records how it went; says whether it is done. */
async function work<Tables>(db: Database<Tables>, row: Row, { handlers, lease, options }: Work): Promise<boolean> {
  const fault = await attempt(handlers[row.kind], row, options.handlerTimeoutMs ?? HANDLER_TIMEOUT_MS)
  const now = options.now()
  // Only while the lease is ours: after it, the outcome is whoever's who claimed the message since.
  await db.within({ job: 'outbox' }, async (tx) => {
    if (!fault) {
      await sql`update outbox set done_at = ${now}, lease = null, last_error = null
        where id = ${row.id} and lease = ${lease}`.execute(tx)
      return
    }
    const parked = !fault.retry || row.attempts >= ATTEMPTS_MAX ? now : null
    const due = new Date(now.getTime() + delayBefore(row.attempts + 1, fault.retryAfterSeconds))
    const error = `${fault.reason}: ${fault.message}`.slice(0, ERROR_LENGTH_MAX)
    await sql`update outbox set due_at = ${due}, parked_at = ${parked}, lease = null, last_error = ${error}
      where id = ${row.id} and lease = ${lease}`.execute(tx)
  })
  return fault === undefined
}

async function attempt(handler: Handler | undefined, row: Row, timeoutMs: number): Promise<Fault | undefined> {
  const { payload, attempts, ...meta } = row
  const timeout = AbortSignal.timeout(timeoutMs)
  const late = Promise.withResolvers<never>()
  const giveUp = () => late.reject(new Fault('timeout', 'handler_late', `No outcome after ${timeoutMs} ms.`))
  timeout.addEventListener('abort', giveUp, { once: true })
  try {
    await Promise.race([handler?.(payload, { ...meta, attempt: attempts, signal: timeout }), late.promise])
    return undefined
  } catch (error) {
    if (error instanceof Fault) return error
    // A bug or a library's own error may pass; its text may hold what nobody should read in a table.
    return new Fault('internal', 'handler_failed', toFault(error).message, { retry: true, cause: error })
  } finally {
    timeout.removeEventListener('abort', giveUp)
  }
}

async function settle<Tables>(db: Database<Tables>, kinds: readonly string[], now: Date): Promise<number> {
  const before = new Date(now.getTime() - RETENTION_DAYS * 86_400_000)
  return db.within({ job: 'outbox' }, async (tx) => {
    await sql`delete from outbox where done_at < ${before}`.execute(tx)
    const { rows } = await sql<{ left: number }>`select count(*)::int as left from outbox
      where done_at is null and parked_at is null and due_at <= ${now} and kind = any (${kinds})`.execute(tx)
    return rows[0]?.left ?? 0
  })
}
