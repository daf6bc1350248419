import type { Command, HostOutcome, Outcome } from '../../../shared/contract/commands.ts'
import { COMMANDS_PENDING_MAX, OUTCOME_KEPT_MS } from './limits.ts'

export interface QueuedCommand {
  id: string
  node_id: string
  command: Command
  expires_in_ms: number
}

/** A command as its host is told of it. */
export type WaitingCommand = Pick<QueuedCommand, 'id' | 'expires_in_ms'> & { command: unknown }

type Row = { id: string; node_id: string; status: HostOutcome['status']; reason: string | null }
type WaitingRow = { id: string; due_ms: number; command: string }

/** Commands until their hosts have answered, and for a while their outcomes. Its times are the caller's. */
export class CommandQueue {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    // due_ms is when a pending command expires, and when an outcome is forgotten.
    sql.exec(
      `CREATE TABLE IF NOT EXISTS commands (
        id TEXT PRIMARY KEY, node_id TEXT NOT NULL, command TEXT NOT NULL, due_ms INTEGER NOT NULL,
        status TEXT NOT NULL, reason TEXT
      ) STRICT`,
    )
    sql.exec('CREATE INDEX IF NOT EXISTS commands_due ON commands (due_ms)')
  }

  /** Adds a command, once: the same id again changes nothing. One too many for its host fails at once. */
  add({ id, node_id, command, expires_in_ms }: QueuedCommand, now_ms: number): void {
    const [counted] = this.#sql.exec<{ count: number }>(
      "SELECT count(*) AS count FROM commands WHERE node_id = ? AND status = 'pending'",
      node_id,
    )
    const full = (counted?.count ?? 0) >= COMMANDS_PENDING_MAX
    const row = full
      ? ['', now_ms + OUTCOME_KEPT_MS, 'failed', 'queue_full']
      : [JSON.stringify(command), now_ms + expires_in_ms, 'pending', null]
    this.#sql.exec(
      `INSERT INTO commands (id, node_id, command, due_ms, status, reason) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING`,
      id,
      node_id,
      ...row,
    )
  }

  /** What a host has not answered yet, in the order in which it came. */
  waitingFor(nodeId: string, now_ms: number): WaitingCommand[] {
    const rows = this.#sql.exec<WaitingRow>(
      "SELECT id, due_ms, command FROM commands WHERE node_id = ? AND status = 'pending' AND due_ms > ? ORDER BY rowid",
      nodeId,
      now_ms,
    )
    return Array.from(rows, ({ id, due_ms, command }) => ({
      id,
      expires_in_ms: due_ms - now_ms,
      command: JSON.parse(command),
    }))
  }

  /** Takes a host's answer to a command of its own; the first one counts. The command itself, which may hold credentials, is wiped. */
  settle(nodeId: string, id: string, { status, reason }: Outcome, now_ms: number): void {
    this.#sql.exec(
      "UPDATE commands SET status = ?, reason = ?, command = '', due_ms = ? WHERE id = ? AND node_id = ? AND status = 'pending'",
      status,
      reason,
      now_ms + OUTCOME_KEPT_MS,
      id,
      nodeId,
    )
  }

  /** Ends what is late and forgets what was kept long enough; returns the ids of those that expired. */
  sweep(now_ms: number): string[] {
    this.#sql.exec("DELETE FROM commands WHERE status <> 'pending' AND due_ms <= ?", now_ms)
    const expired = this.#sql.exec<{ id: string }>(
      "UPDATE commands SET status = 'expired', command = '', due_ms = ? WHERE status = 'pending' AND due_ms <= ? RETURNING id",
      now_ms + OUTCOME_KEPT_MS,
      now_ms,
    )
    return Array.from(expired, ({ id }) => id)
  }

  /** When `sweep` has something to do next; null when nothing is queued or kept. */
  nextDue(): number | null {
    const [row] = this.#sql.exec<{ due_ms: number | null }>('SELECT min(due_ms) AS due_ms FROM commands')
    return row?.due_ms ?? null
  }

  outcomes(ids: readonly string[]): HostOutcome[] {
    return ids.flatMap((id) => [
      ...this.#sql.exec<Row>('SELECT id, node_id, status, reason FROM commands WHERE id = ?', id),
    ])
  }
}
