import type { SentEvent } from '../../shared/events/envelope.ts'
import type { Journal } from './journal.ts'

/** Resolves once all events are on the disk; 503 when one is not. */
export async function recordEvents(
  journal: Journal,
  events: readonly SentEvent[],
  importance: 'fact' | 'sample' = 'fact',
): Promise<void> {
  await Promise.all(events.map((event) => journal.append(Buffer.from(JSON.stringify(event)), importance)))
}
