import type { TimeRange } from '../../../shared/contract/time-range.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'

/** One state of a stream on a host, from when to when (Unix ms). */
export interface Span<S> {
  stream_id: string
  node_id: string
  cluster_id: string
  state: S
  since: number
  began: number
  ended: number
}

/** Spans event by event: `stateOf` says what an event begins; null ends what was, undefined says nothing. */
export function slowSpans<S>(
  events: readonly StoredEvent[],
  range: TimeRange,
  now: Date,
  stateOf: (event: StoredEvent) => S | null | undefined,
): Span<S>[] {
  const [start, stop] = [Date.parse(range.from), Math.min(Date.parse(range.to), now.getTime())]
  const spans: Span<S>[] = []
  for (const own of Map.groupBy(events, ({ stream_id, node_id }) => `${stream_id} ${node_id}`).values()) {
    const told = own
      .map((event) => ({ event, at: Date.parse(event.occurred_at), state: isOff(event) ? null : stateOf(event) }))
      .filter(({ state, at }) => state !== undefined && at < stop)
      .toSorted((a, b) => a.at - b.at)
    told.forEach(({ event, at, state }, index) => {
      const ended = told[index + 1]?.at ?? stop
      if (state === null || state === undefined || ended <= start) return
      const { stream_id, node_id, cluster_id } = event
      const where = { stream_id: stream_id ?? '', node_id: node_id ?? '', cluster_id: cluster_id ?? '' }
      spans.push({ ...where, state, since: at, began: Math.max(at, start), ended })
    })
  }
  return spans
}

function isOff({ event_type, data }: StoredEvent): boolean {
  if (event_type === 'stream-lifecycle') return (data as StoredEvent<'stream-lifecycle'>['data']).cause === 'unload'
  return event_type === 'stream-end' && (data as StoredEvent<'stream-end'>['data']).provenance === 'reconciled'
}
