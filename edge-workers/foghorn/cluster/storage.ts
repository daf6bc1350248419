import { Heartbeat, Weights } from '../../../shared/contract/foghorn.ts'
import type { Kept } from './cluster-state.ts'
import { HELD_OUT_MAX } from './limits.ts'

type HostRow = { node_id: string; seen_at_ms: number; heartbeat: string }

/** What a cluster's object keeps on disk: it is restarted at any time. */
export class Storage {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(
      'CREATE TABLE IF NOT EXISTS hosts (node_id TEXT PRIMARY KEY, seen_at_ms INTEGER NOT NULL, heartbeat TEXT NOT NULL) STRICT',
    )
    sql.exec('CREATE TABLE IF NOT EXISTS held_out (node_id TEXT PRIMARY KEY) STRICT')
    sql.exec('CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT')
  }

  read(): Kept {
    const hosts = this.#sql.exec<HostRow>('SELECT node_id, seen_at_ms, heartbeat FROM hosts').toArray()
    const held = this.#sql.exec<{ node_id: string }>('SELECT node_id FROM held_out ORDER BY rowid').toArray()
    const [weights] = this.#sql.exec<{ value: string }>("SELECT value FROM settings WHERE name = 'weights'")
    return {
      hosts: hosts.flatMap(({ heartbeat, ...row }) => {
        // What an older version wrote may no longer be a heartbeat; the host repeats it in seconds.
        const read = Heartbeat.safeParse(JSON.parse(heartbeat))
        return read.success ? [{ ...row, heartbeat: read.data }] : []
      }),
      held_out: held.map(({ node_id }) => node_id),
      weights: weights === undefined ? null : (Weights.safeParse(JSON.parse(weights.value)).data ?? null),
    }
  }

  saveHost(node_id: string, seen_at_ms: number, heartbeat: Heartbeat): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO hosts (node_id, seen_at_ms, heartbeat) VALUES (?, ?, ?)',
      node_id,
      seen_at_ms,
      JSON.stringify(heartbeat),
    )
  }

  deleteHost(node_id: string): void {
    this.#sql.exec('DELETE FROM hosts WHERE node_id = ?', node_id)
  }

  hold(node_id: string, on: boolean): void {
    const statement = on
      ? 'INSERT OR IGNORE INTO held_out (node_id) VALUES (?)'
      : 'DELETE FROM held_out WHERE node_id = ?'
    this.#sql.exec(statement, node_id)
    this.#sql.exec(
      'DELETE FROM held_out WHERE rowid NOT IN (SELECT rowid FROM held_out ORDER BY rowid DESC LIMIT ?)',
      HELD_OUT_MAX,
    )
  }

  saveWeights(weights: Weights | null): void {
    if (weights === null) this.#sql.exec("DELETE FROM settings WHERE name = 'weights'")
    else this.#sql.exec("INSERT OR REPLACE INTO settings (name, value) VALUES ('weights', ?)", JSON.stringify(weights))
  }
}
