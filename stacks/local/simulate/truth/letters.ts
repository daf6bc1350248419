import type { ConsumedRecord } from '../../../../shared/kafka/event-log.ts'
import type { Ends } from './check.ts'
import { placeOf, type Truth } from './truth.ts'

/** What cannot be stored lies among the dead letters as it came, with its reason, and operators see it; nothing else does. */
export function wrongLetters({ poison }: Truth, { log, letters, rows }: Ends): string[] {
  const records = new Map(log.flat().map((record) => [placeOf(record), record]))
  const places = new Set(letters.map(({ headers }) => headers.dead_from))
  const shown = new Map(rows('ingest_errors').map((row) => [row.dead_from, row]))
  const missing = [...poison].flatMap(([place, reason]) => [
    ...(places.has(place) ? [] : [`the poison at ${place} (${reason}) is no dead letter`]),
    ...(shown.get(place)?.reason === reason ? [] : [`the poison at ${place} (${reason}) is not shown`]),
  ])
  return [
    ...missing,
    ...letters.flatMap((letter) => wrongLetter(letter, poison, records)),
    ...[...shown.keys()].flatMap((place) => (poison.has(String(place)) ? [] : [`${place} is shown as a dead letter`])),
  ]
}

function wrongLetter(
  { key, value, headers }: ConsumedRecord,
  poison: ReadonlyMap<string, string>,
  records: ReadonlyMap<string, ConsumedRecord>,
): string[] {
  const { dead_from = '', dead_reason, dead_detail: _, ...kept } = headers
  const record = records.get(dead_from)
  if (record === undefined || !poison.has(dead_from)) return [`${dead_from} is a dead letter: ${dead_reason}`]
  const asItCame =
    key === record.key &&
    Buffer.compare(value, record.value) === 0 &&
    JSON.stringify(kept) === JSON.stringify(record.headers)
  if (asItCame && dead_reason === poison.get(dead_from)) return []
  return [`the dead letter of ${dead_from} is not as it came, or is there for ${dead_reason}`]
}
