import type { Clock } from '../../shared/clock.ts'
import type { Journal } from './journal.ts'

/** How long ago the oldest event happened that Decklog has not taken, in seconds; 0 when it has all, NaN when it cannot be told. */
export async function oldestSeconds(journal: Pick<Journal, 'read' | 'acknowledged'>, clock: Clock): Promise<number> {
  try {
    const { records } = await journal.read(journal.acknowledged, 1)
    if (records[0] === undefined) return 0
    const { occurred_at } = JSON.parse(String(records[0]))
    return Math.max(0, (clock().getTime() - Date.parse(occurred_at)) / 1000)
  } catch {
    return Number.NaN
  }
}
