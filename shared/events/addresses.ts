import type { EventData, EventType } from './catalogue.ts'

/** The people's addresses in an event: the one that places it, or null where its type has none. */
export function primaryAddress<T extends EventType>(type: T, data: EventData<T>): string | null {
  const field = primaryField[type]
  const value = field === null ? null : (data as Record<string, unknown>)[field]
  return typeof value === 'string' && value !== '' ? value : null
}

/** A copy of `data` with every address replaced by what `shorten` makes of it. */
export function mapAddresses<T extends EventType>(
  type: T,
  data: EventData<T>,
  shorten: (address: string) => string,
): EventData<T> {
  const field = primaryField[type]
  if (field === null) return data
  const copy: Record<string, unknown> = { ...data }
  const value = copy[field]
  if (typeof value === 'string') copy[field] = shorten(value)
  if ('hosts' in data) copy.hosts = data.hosts.map((part) => ({ ...part, host: shorten(part.host) }))
  return copy as EventData<T>
}

const primaryField: Record<EventType, string | null> = {
  'stream-ingest': 'publisher_host',
  'stream-view': 'viewer_host',
  'user-connection': 'host',
  'stream-lifecycle': null,
  'stream-buffer': null,
  'stream-end': null,
  'push-lifecycle': null,
  'recording-lifecycle': null,
  'track-list': null,
  'client-lifecycle': null,
  'node-monitoring': null,
  'load-balancing': null,
}
