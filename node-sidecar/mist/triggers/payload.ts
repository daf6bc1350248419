import type { z } from 'zod'
import { Fault } from '../../../shared/fault.ts'

/**
 * Cuts a payload into its named lines. MistServer does not escape, and a stream's name once held a newline, so lines
 * are counted from the end; whatever is left over is the first field, trimmed. 400 when lines are missing or too many.
 */
export function readLines<Field extends string>(
  payload: string,
  ...fields: [Field, ...Field[]]
): Record<Field, string> {
  const lines = payload.split('\n')
  const surplus = lines.length - fields.length
  if (surplus < 0) throw unreadable('trigger_lines', `${fields.length} lines expected, ${lines.length} came`)
  const first = lines
    .splice(0, surplus + 1)
    .join('\n')
    .trim()
  if (first.includes('\n')) throw unreadable('trigger_lines', `${fields.length} lines expected, more came`)
  return Object.fromEntries(fields.map((field, i) => [field, i === 0 ? first : lines[i - 1]])) as Record<Field, string>
}

/** The same for a payload that ends in a newline of its own. */
export function readTerminatedLines<Field extends string>(payload: string, ...fields: [Field, ...Field[]]) {
  if (!payload.endsWith('\n')) throw unreadable('trigger_lines', 'the last line has no end')
  return readLines(payload.slice(0, -1), ...fields)
}

/** A whole number of 0 or more that JSON carries exactly. */
export function readCount(text: string, field: string): number {
  const value = Number(text)
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) {
    throw unreadable('trigger_number', `${field} is not a whole number`)
  }
  return value
}

/** MistServer's way to say "none": the greatest 64-bit number. */
const NONE = '18446744073709551615'

export function readCountOrNone(text: string, field: string): number | null {
  return text === NONE ? null : readCount(text, field)
}

/** JSON of a known shape. */
export function readJson<S extends z.ZodType>(text: string, schema: S, field: string): z.infer<S> {
  const result = schema.safeParse(tryJson(text))
  if (result.success) return result.data
  const { path = [], message = '' } = result.error.issues[0] ?? {}
  throw unreadable('trigger_json', `${[field, ...path].join('.')}: ${message}`)
}

/** `a,b,c`; an empty text is an empty list. */
export function readList(text: string): string[] {
  return text === '' ? [] : text.split(',')
}

export function unreadable(reason: string, detail: string): Fault {
  return new Fault('invalid', reason, `The trigger cannot be read: ${detail}.`)
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
