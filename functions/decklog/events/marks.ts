import { LRUCache } from 'lru-cache'
import type { SentEvent } from '../../../shared/events/envelope.ts'
import type { Sender } from './sender.ts'

/** A host's marks come so far apart at least: each costs a small record in every partition. */
export const MARKS_APART_MS = 30_000
/** Hosts whose last marks are remembered; one that is forgotten is marked once more. */
const HOSTS_MAX = 10_000

/** Who was marked when, as far as this process knows; another may mark the same host, which does no harm. */
export class Marks {
  readonly #markedAt = new LRUCache<string, number>({ max: HOSTS_MAX })

  /** The host's own time for which a mark is due after these events of its journal; null for none. */
  due({ node_id }: Sender, events: readonly SentEvent[], now: Date): string | null {
    if (node_id === null || now.getTime() - (this.#markedAt.get(node_id) ?? 0) < MARKS_APART_MS) return null
    const polls = events.filter(({ event_type }) => event_type === 'node-monitoring')
    return (
      polls
        .map(({ occurred_at }) => occurred_at)
        .sort()
        .at(-1) ?? null
    )
  }

  /** Once its marks are in the log. */
  marked({ node_id }: Sender, now: Date): void {
    if (node_id !== null) this.#markedAt.set(node_id, now.getTime())
  }
}
