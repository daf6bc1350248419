import type { FedEvent, LiveEventType, Position } from '../../../shared/contract/signalman.ts'
import type { Subject } from '../../../shared/live/interest.ts'
import { EVENTS_KEPT_MAX, EVENTS_KEPT_MS } from './limits.ts'

/** An event in its place, as the text that clients are sent. */
export interface Numbered extends Subject {
  occurred_at: string
  text: string
}

type Row = {
  seq: number
  event_type: LiveEventType
  stream_id: string | null
  node_id: string | null
  occurred_at: string
  text: string
}
type Place = { log_partition: number; position: number; received_at: string }

/** A tenant's last events in one sequence, each once, kept on disk: the object is restarted at any time. */
export class History {
  readonly epoch: string
  readonly #sql: SqlStorage
  /** By partition of the log, the last record that was taken. */
  readonly #places: Map<number, Place>
  #seq: number

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS sequence (epoch TEXT NOT NULL, seq INTEGER NOT NULL) STRICT')
    sql.exec(`CREATE TABLE IF NOT EXISTS events (
      seq INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, kept_at_ms INTEGER NOT NULL, event_type TEXT NOT NULL,
      stream_id TEXT, node_id TEXT, occurred_at TEXT NOT NULL, text TEXT NOT NULL) STRICT`)
    sql.exec(`CREATE TABLE IF NOT EXISTS places (
      log_partition INTEGER PRIMARY KEY, position INTEGER NOT NULL, received_at TEXT NOT NULL) STRICT`)
    const [known] = sql.exec<{ epoch: string; seq: number }>('SELECT epoch, seq FROM sequence')
    const { epoch, seq } = known ?? { epoch: crypto.randomUUID(), seq: 0 }
    if (!known) sql.exec('INSERT INTO sequence (epoch, seq) VALUES (?, 0)', epoch)
    this.epoch = epoch
    this.#seq = seq
    const places = sql.exec<Place>('SELECT log_partition, position, received_at FROM places').toArray()
    this.#places = new Map(places.map((place) => [place.log_partition, place]))
  }

  /** Of the newest event; 0 before the first. */
  get seq(): number {
    return this.#seq
  }

  /** Takes events from the log and returns those that are new, in their places. */
  add(events: readonly FedEvent[], now_ms: number): Numbered[] {
    const added = events.flatMap((fed) => (this.#isPassed(fed) ? [] : this.#insert(fed, now_ms)))
    for (const partition of new Set(events.map((fed) => fed.partition))) this.#savePlace(partition)
    this.#sql.exec('UPDATE sequence SET seq = ?', this.#seq)
    this.#trim(now_ms)
    return added
  }

  /** Whether everything after a position is still here. */
  reaches({ epoch, seq }: Position): boolean {
    return epoch === this.epoch && seq <= this.#seq && seq >= this.#oldest() - 1
  }

  /** Up to `limit` events after a place in the sequence, oldest first. */
  after(seq: number, limit: number): Numbered[] {
    return this.#sql
      .exec<Row>(
        'SELECT seq, event_type, stream_id, node_id, occurred_at, text FROM events WHERE seq > ? ORDER BY seq LIMIT ?',
        seq,
        limit,
      )
      .toArray()
  }

  /**
   * Whether this record was taken before. A partition begins anew when its topic is made anew: then offsets are low again,
   * and only the time at which Decklog took a record tells it from an old one.
   */
  #isPassed({ partition, offset, received_at }: FedEvent): boolean {
    const place = this.#places.get(partition)
    if (place !== undefined && Number(offset) <= place.position && received_at <= place.received_at) return true
    this.#places.set(partition, { log_partition: partition, position: Number(offset), received_at })
    return false
  }

  #savePlace(partition: number): void {
    const place = this.#places.get(partition)
    if (place === undefined) return
    this.#sql.exec(
      'INSERT OR REPLACE INTO places (log_partition, position, received_at) VALUES (?, ?, ?)',
      ...[partition, place.position, place.received_at],
    )
  }

  #insert({ event }: FedEvent, now_ms: number): Numbered[] {
    const { event_id, event_type, stream_id, node_id, occurred_at } = event
    const seq = this.#seq + 1
    const text = JSON.stringify({ seq, ...event })
    const { rowsWritten } = this.#sql.exec(
      'INSERT OR IGNORE INTO events (seq, event_id, kept_at_ms, event_type, stream_id, node_id, occurred_at, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      ...[seq, event_id, now_ms, event_type, stream_id, node_id, occurred_at, text],
    )
    // An event that its host sent again lies in the log twice.
    if (rowsWritten === 0) return []
    this.#seq = seq
    return [{ seq, event_type, stream_id, node_id, occurred_at, text }]
  }

  /** The oldest place that is still here; the next one when nothing is. */
  #oldest(): number {
    const [first] = this.#sql.exec<{ seq: number }>('SELECT seq FROM events ORDER BY seq LIMIT 1')
    return first?.seq ?? this.#seq + 1
  }

  #trim(now_ms: number): void {
    const [young] = this.#sql.exec<{ seq: number }>(
      'SELECT seq FROM events WHERE kept_at_ms > ? ORDER BY seq LIMIT 1',
      now_ms - EVENTS_KEPT_MS,
    )
    const from = Math.max(young?.seq ?? this.#seq + 1, this.#seq - EVENTS_KEPT_MAX + 1)
    this.#sql.exec('DELETE FROM events WHERE seq < ?', from)
  }
}
