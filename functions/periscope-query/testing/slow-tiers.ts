import type { TimeRange } from '../../../shared/contract/time-range.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { type Span, slowSpans } from './slow-spans.ts'

export interface Tier {
  tier: string
  codec: string
}

function tierOf(event: StoredEvent): Tier | null | undefined {
  if (event.event_type !== 'track-list') return undefined
  const { tracks } = event.data as StoredEvent<'track-list'>['data']
  if (tracks.length === 0) return null
  const sides = tracks.flatMap(({ kind, width, height, codec }) => {
    return kind === 'video' ? [{ side: Math.min(width ?? 0, height ?? 0), codec }] : []
  })
  const largest = sides.toSorted((a, b) => b.side - a.side)[0]
  if (largest === undefined) return { tier: 'audio', codec: '' }
  const step = [2160, 1440, 1080, 720, 480].find((side) => largest.side >= side)
  return { tier: step === undefined ? 'sd' : `${step}p`, codec: largest.codec }
}

/** How long streams had which tracks within a range, but for hosts that pulled them from others. */
export function slowTierSpans(events: readonly StoredEvent[], range: TimeRange, now: Date): Span<Tier>[] {
  const pulling = new Set(
    events.flatMap(({ event_type, data, occurred_at, stream_id, node_id }) => {
      const replicated = event_type === 'stream-lifecycle' && (data as { replicated: boolean | null }).replicated
      return replicated && occurred_at >= range.from && occurred_at < range.to ? [`${stream_id} ${node_id}`] : []
    }),
  )
  const spans = slowSpans(events, range, now, tierOf)
  return spans.filter(({ stream_id, node_id }) => !pulling.has(`${stream_id} ${node_id}`))
}

/** What spans come to within a time (Unix ms). */
export function slowTiers(spans: readonly Span<Tier>[], start: number, end: number) {
  const cut = spans.filter(({ began, ended }) => began < end && ended > start)
  const ms = cut.reduce((sum, { began, ended }) => sum + Math.min(ended, end) - Math.max(began, start), 0)
  return { minutes: ms / 60_000, streams: new Set(cut.map(({ stream_id }) => stream_id)).size }
}
