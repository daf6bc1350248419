import type { OwnedEvent } from './table.ts'

export interface HourChange {
  tenant_id: string
  /** Its start, in seconds of Unix time. */
  hour: number
}

const HOUR_MS = 3_600_000

/** The hours in which these events change something that may have been rolled up. */
export function toHourChanges(events: readonly OwnedEvent[]): HourChange[] {
  const changes = new Map<string, HourChange>()
  for (const event of events) {
    const { tenant_id } = event
    for (const time of timesOf(event)) {
      // Of one hour the text begins alike, which is quicker to see than what time it is.
      const key = tenant_id + time.slice(0, 13)
      if (changes.has(key)) continue
      changes.set(key, { tenant_id, hour: (Math.floor(Date.parse(time) / HOUR_MS) * HOUR_MS) / 1000 })
    }
  }
  return [...changes.values()]
}

function timesOf({ event_type, occurred_at, data }: OwnedEvent): string[] {
  switch (event_type) {
    case 'stream-end':
      return data.replaces ? [occurred_at, data.replaces.occurred_at] : [occurred_at]
    case 'user-connection':
      return data.action === 'disconnect' && data.replaces ? [occurred_at, data.replaces.occurred_at] : [occurred_at]
    case 'client-lifecycle':
    case 'stream-lifecycle':
    case 'stream-buffer':
      return [occurred_at]
    default:
      return []
  }
}
