/** Tickets that were used, until they would have ended: each lets in once. */
export class Tickets {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS tickets (id TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) STRICT')
  }

  /** Uses a ticket up; false when it was used before. */
  redeem(id: string, until_ms: number, now_ms: number): boolean {
    this.#sql.exec('DELETE FROM tickets WHERE until_ms < ?', now_ms)
    return this.#sql.exec('INSERT OR IGNORE INTO tickets (id, until_ms) VALUES (?, ?)', id, until_ms).rowsWritten > 0
  }
}
