import { z } from 'zod'
import { Fault } from './fault.ts'

/** Cuts `limit + 1` fetched rows to a page; `keyOf` gives the sort key of the last row shown, for the cursor. */
export function toPage<T>(rows: readonly T[], limit: number, keyOf: (row: T) => readonly string[]) {
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  const next_cursor = rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null
  return { data, next_cursor }
}

/** The cursor of a sort key, which must be well-formed text. */
export function encodeCursor(key: readonly string[]): string {
  return btoa(encodeURIComponent(JSON.stringify(key)))
}

/** Keys go into SQL, and Postgres refuses NUL. */
const Cursor = z.array(z.string().regex(/^[^\0]*$/))

/** Reads a cursor back into the sort key it was made from: `length` strings. */
export function decodeCursor(cursor: string, length: number): string[] {
  try {
    const key = Cursor.parse(JSON.parse(decodeURIComponent(atob(cursor))))
    if (key.length === length) return key
  } catch {
    // Whatever is wrong with it, the caller sent something that we did not make.
  }
  throw invalidCursor()
}

/** The refusal of a cursor that the list did not make. */
export function invalidCursor(): Fault {
  return new Fault('invalid', 'invalid_cursor', 'The cursor is not one that this list returned.', {
    errors: [{ pointer: '/cursor', detail: 'not a cursor of this list' }],
  })
}
