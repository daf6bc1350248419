import type { LiveEventType } from '../../../shared/contract/signalman.ts'
import type { Interest } from '../../../shared/live/interest.ts'
import type { Numbered } from './history.ts'
import { STATES_KEPT_MS, STATES_MAX } from './limits.ts'

/** Events that say how something is until the next of their kind. */
const stateTypes: ReadonlySet<LiveEventType> = new Set([
  'stream-ingest',
  'stream-lifecycle',
  'stream-buffer',
  'stream-end',
  'track-list',
  'node-monitoring',
])

type Row = {
  event_type: LiveEventType
  stream_id: string | null
  node_id: string | null
  text: string
}

/** How everything is: the newest event of each kind of state, by stream and node. */
export class States {
  readonly #sql: SqlStorage
  #trimmed_at_ms = 0

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS states (
      key TEXT PRIMARY KEY, seq INTEGER NOT NULL, kept_at_ms INTEGER NOT NULL, event_type TEXT NOT NULL,
      stream_id TEXT, node_id TEXT, occurred_at TEXT NOT NULL, text TEXT NOT NULL) STRICT`)
    sql.exec('CREATE INDEX IF NOT EXISTS states_by_stream ON states (stream_id)')
    sql.exec('CREATE INDEX IF NOT EXISTS states_by_seq ON states (seq)')
  }

  /** Takes events in their order; an older one that comes late changes nothing. */
  take(events: readonly Numbered[], now_ms: number): void {
    for (const { seq, event_type, stream_id, node_id, occurred_at, text } of events) {
      if (!stateTypes.has(event_type)) continue
      this.#sql.exec(
        `INSERT INTO states (key, seq, kept_at_ms, event_type, stream_id, node_id, occurred_at, text)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET seq = excluded.seq, kept_at_ms = excluded.kept_at_ms,
        occurred_at = excluded.occurred_at, text = excluded.text WHERE excluded.occurred_at >= occurred_at`,
        ...[`${event_type} ${stream_id} ${node_id}`, seq, now_ms, event_type, stream_id, node_id, occurred_at, text],
      )
    }
    this.#trim(now_ms)
  }

  /** What a subscription begins with, oldest first, as texts. */
  of(interest: Interest): string[] {
    return this.#rows(interest).flatMap((row) => (interest.meets(row) ? [row.text] : []))
  }

  #rows({ filter: { streams } }: Interest): Row[] {
    const select = 'SELECT event_type, stream_id, node_id, text FROM states'
    if (streams === undefined) return this.#sql.exec<Row>(`${select} ORDER BY seq`).toArray()
    const places = streams.map(() => '?').join(', ')
    return this.#sql.exec<Row>(`${select} WHERE stream_id IN (${places}) ORDER BY seq`, ...streams).toArray()
  }

  #trim(now_ms: number): void {
    if (now_ms - this.#trimmed_at_ms < STATES_KEPT_MS / 1_000) return
    this.#trimmed_at_ms = now_ms
    this.#sql.exec('DELETE FROM states WHERE kept_at_ms < ?', now_ms - STATES_KEPT_MS)
    this.#sql.exec(
      'DELETE FROM states WHERE seq <= (SELECT seq FROM states ORDER BY seq DESC LIMIT 1 OFFSET ?)',
      STATES_MAX,
    )
  }
}
