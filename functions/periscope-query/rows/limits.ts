import type { ClickHouseSettings } from '@clickhouse/client-web'
import { Fault } from '../../../shared/fault.ts'

/** What one question of a tenant may cost ClickHouse. */
export interface QuestionLimits {
  seconds: number
  /** Read, before anything is filtered. */
  rows: number
  memoryBytes: number
}

/** A question ends before the request that asks it does. */
export const QUESTION_SECONDS_MAX = 8
export const QUESTION_ROWS_MAX = 500_000_000
export const QUESTION_MEMORY_BYTES_MAX = 1_024 * 1024 * 1024

export const questionLimits: QuestionLimits = {
  seconds: QUESTION_SECONDS_MAX,
  rows: QUESTION_ROWS_MAX,
  memoryBytes: QUESTION_MEMORY_BYTES_MAX,
}

export function toSettings({ seconds, rows, memoryBytes }: QuestionLimits): ClickHouseSettings {
  return {
    max_execution_time: seconds,
    max_rows_to_read: String(rows),
    max_memory_usage: String(memoryBytes),
  }
}

const ADVICE = 'Ask for a shorter range, a wider bucket, one stream, or fewer groups.'
const REASONS: Record<string, [reason: string, detail: string]> = {
  TIMEOUT_EXCEEDED: ['question_too_slow', 'The answer would take too long.'],
  TOO_SLOW: ['question_too_slow', 'The answer would take too long.'],
  TOO_MANY_ROWS: ['question_reads_too_much', 'The question covers too many events.'],
  TOO_MANY_ROWS_OR_BYTES: ['question_reads_too_much', 'The question covers too many events.'],
  MEMORY_LIMIT_EXCEEDED: ['question_needs_too_much_memory', 'The answer needs too much memory.'],
}

/** A question that met its own limit is a 422 that says how to ask for less; every other failure stays what it is. */
export function toQuestionFault(error: unknown): unknown {
  if (!(error instanceof Fault) || !(error.cause instanceof Error)) return error
  const { cause } = error
  const type = 'type' in cause ? String(cause.type) : ''
  // Memory of the whole server is short for somebody else's sake: the same question may be answered later.
  if (/\(total\) memory limit/.test(cause.message)) return error
  const found = REASONS[type]
  if (found === undefined) return error
  return new Fault('unprocessable', found[0], `${found[1]} ${ADVICE}`, { cause })
}
