import type { ClickHouse } from '../../../shared/clickhouse/client.ts'
import { DEAD_LETTERS_TOPIC, EVENTS_TOPIC } from '../../../shared/contract/decklog.ts'
import type { ConsumedRecord, EventLog } from '../../../shared/kafka/event-log.ts'
import { toErrorRow, toRecord } from './letter.ts'

export const READ_RECORDS_MAX = 1_000
const READ_WAIT_MS = 10

/** Letters of one listing or replay; what is beyond waits for the next. */
export const LETTERS_MAX = 100_000

/** Which letters are meant: those that all of these fit; times are RFC 3339, half-open, of the record in the log. */
export interface LetterFilter {
  reason?: string | undefined
  event_type?: string | undefined
  tenant_id?: string | undefined
  from?: string | undefined
  to?: string | undefined
}

export interface OpenLetter {
  dead_from: string
  logged_at: string
  tenant_id: string
  event_type: string
  reason: string
  detail: string
}

/** Letters that wait, the oldest first; `LETTERS_MAX` at most. */
export async function listDeadLetters(
  clickhouse: ClickHouse,
  filter: LetterFilter,
  limit = LETTERS_MAX,
): Promise<OpenLetter[]> {
  const { reason = '', event_type = '', tenant_id = '', from = '1970-01-01', to = '2299-12-31' } = filter
  return clickhouse.query<OpenLetter>(
    `SELECT dead_from, logged_at, tenant_id, event_type, reason, detail FROM ingest_errors FINAL
     WHERE state = 'open' AND {reason:String} IN ('', reason) AND {event_type:String} IN ('', event_type)
       AND {tenant_id:String} IN ('', tenant_id)
       AND logged_at >= fromUnixTimestamp64Milli({from:Int64}) AND logged_at < fromUnixTimestamp64Milli({to:Int64})
     ORDER BY logged_at, dead_from LIMIT {limit:UInt32}`,
    { limit, reason, event_type, tenant_id, from: Date.parse(from), to: Date.parse(to) },
  )
}

/**
 * Puts the letters that wait and fit back into the log, each once, and marks them; returns how many. An event that is
 * stored already changes nothing, and one that fails again is the same letter, open once more. Safe to break off.
 */
export async function replayDeadLetters(
  { events, clickhouse }: { events: EventLog; clickhouse: ClickHouse },
  filter: LetterFilter,
): Promise<number> {
  const wanted = new Map((await listDeadLetters(clickhouse, filter)).map((letter) => [letter.dead_from, letter]))
  // From before the replay, so that a letter that fails again at once is newer than its mark.
  const [clock] = await clickhouse.query<{ now: string }>('SELECT now64(3) AS now')
  const of = { topic: DEAD_LETTERS_TOPIC, group: `dead-letters-${crypto.randomUUID()}` }
  let replayed = 0
  await using consumer = events.consume(
    { ...of, batch_records_max: READ_RECORDS_MAX, batch_wait_ms: READ_WAIT_MS },
    async (batch) => {
      const letters = onlyOnce(batch).filter(({ headers }) => wanted.has(headers.dead_from ?? ''))
      if (letters.length === 0) return
      await events.produce(EVENTS_TOPIC, letters.map(toRecord))
      const rows = letters.map((letter) => {
        const logged = Date.parse(wanted.get(letter.headers.dead_from ?? '')?.logged_at ?? '')
        return { ...toErrorRow(letter, 'replayed', logged), at: clock?.now }
      })
      await clickhouse.insert('ingest_errors', rows)
      for (const { headers } of letters) wanted.delete(headers.dead_from ?? '')
      replayed += letters.length
    },
  )
  await Promise.race([consumer.drained(), consumer.done])
  return replayed
}

/** A record that failed again is told again: still one letter. */
function onlyOnce(batch: readonly ConsumedRecord[]): ConsumedRecord[] {
  return [...new Map(batch.map((letter) => [letter.headers.dead_from, letter])).values()]
}
