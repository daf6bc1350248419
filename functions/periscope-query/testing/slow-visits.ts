import type { TimeRange } from '../../../shared/contract/time-range.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { HEARD_MS } from '../viewers/visits.ts'

/** One viewer's stay, worked out event by event. */
export interface Visit {
  session_id: string
  stream_id: string
  node_id: string
  cluster_id: string
  protocol: string
  country_code: string
  city: string
  cell: string
  began: number
  ended: number
}

type Seen = Visit & { at: number; end: boolean }

/** Every visit of a range, cut to it: one for each end, and one for what was heard of a session after its last end. */
export function slowVisits(events: readonly StoredEvent[], range: TimeRange, now: Date): Visit[] {
  const seen = events.flatMap(seenOf)
  const start = Date.parse(range.from)
  const stop = Math.min(Date.parse(range.to), now.getTime())
  const visits: Visit[] = seen.filter(({ end }) => end)
  for (const own of Map.groupBy(seen, ({ node_id, session_id }) => `${node_id} ${session_id}`).values()) {
    const lastEnd = Math.max(...own.filter(({ end }) => end).map(({ at }) => at))
    const heard = own.filter(({ end, at }) => {
      return !end && at > lastEnd && at >= start - HEARD_MS && at < Date.parse(range.to)
    })
    const placed = heard.find(({ country_code }) => country_code !== '') ?? heard[0]
    if (placed === undefined) continue
    visits.push({
      ...placed,
      began: Math.min(...heard.map(({ began }) => began)),
      ended: Math.max(...heard.map(({ at }) => at)) + HEARD_MS,
    })
  }
  return visits
    .filter(({ began, ended }) => began < stop && ended > start)
    .map((visit) => ({ ...visit, began: Math.max(visit.began, start), ended: Math.min(visit.ended, stop) }))
}

function seenOf(event: StoredEvent): Seen[] {
  const at = Date.parse(event.occurred_at)
  const of = {
    stream_id: event.stream_id ?? '',
    node_id: event.node_id ?? '',
    cluster_id: event.cluster_id ?? '',
    at,
  }
  if (event.event_type === 'client-lifecycle') {
    const { samples } = event.data as StoredEvent<'client-lifecycle'>['data']
    return samples
      .filter(({ role }) => role === 'viewer')
      .map(({ session_id, connector, connected_seconds }) => ({
        ...{ ...of, session_id, protocol: connector, country_code: '', city: '', cell: '' },
        ...{ began: at - connected_seconds * 1000, ended: at, end: false },
      }))
  }
  if (event.event_type !== 'user-connection') return []
  const data = event.data as StoredEvent<'user-connection'>['data']
  if (data.action === 'denied') return []
  const country_code = data.place?.country_code ?? ''
  const who = {
    ...{ ...of, session_id: data.session_id, protocol: data.connector, country_code },
    city: data.place?.city ? `${country_code}/${data.place.city}` : '',
    cell: data.place?.h3_cell ?? '',
  }
  const end = data.action === 'disconnect'
  return [{ ...who, began: end ? at - data.seconds * 1000 : at, ended: at, end }]
}

/** What visits come to within a time (Unix ms), one by one. */
export function slowAudience(visits: readonly Visit[], start: number, end: number) {
  const cut = visits
    .filter(({ began, ended }) => began < end && Math.max(ended, began + 1) > start)
    .map((visit) => ({ ...visit, began: Math.max(visit.began, start), ended: Math.min(visit.ended, end) }))
  const open_ms = cut.reduce((sum, { began, ended }) => sum + ended - began, 0)
  return {
    viewers: Math.round((open_ms / (end - start)) * 1000) / 1000,
    viewers_peak: mostAtOnce(cut),
    viewers_unique: new Set(cut.map(({ session_id }) => session_id)).size,
    viewer_hours: Math.round((open_ms / 3_600_000) * 1000) / 1000,
  }
}

/** Whoever leaves when another one comes was not there with them. */
function mostAtOnce(visits: readonly Visit[]): number {
  const steps = visits
    .filter(({ began, ended }) => began < ended)
    .flatMap(({ began, ended }) => [
      { at: began, by: 1 },
      { at: ended, by: -1 },
    ])
    .toSorted((a, b) => a.at - b.at || a.by - b.by)
  let [here, most] = [0, 0]
  for (const { by } of steps) {
    here += by
    most = Math.max(most, here)
  }
  return most
}
