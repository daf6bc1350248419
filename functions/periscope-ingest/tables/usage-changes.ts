import type { OwnedEvent } from './table.ts'

/** Usage is counted in windows this long, which begin at full five minutes of the clock. */
export const WINDOW_MS = 5 * 60_000

export interface UsageChange {
  tenant_id: string
  window_start: string
}

/** The windows of usage that these events change: those in which an end lies, and in which one lay that it replaces. */
export function toUsageChanges(events: readonly OwnedEvent[]): UsageChange[] {
  const changes = new Map<string, UsageChange>()
  for (const event of events) {
    const { tenant_id } = event
    for (const time of endTimes(event)) {
      const start = Math.floor(Date.parse(time) / WINDOW_MS) * WINDOW_MS
      const key = `${tenant_id} ${start}`
      if (!changes.has(key)) changes.set(key, { tenant_id, window_start: new Date(start).toISOString() })
    }
  }
  return [...changes.values()]
}

function endTimes({ event_type, occurred_at, data }: OwnedEvent): string[] {
  switch (event_type) {
    case 'stream-end':
      return [occurred_at, ...(data.replaces ? [data.replaces.occurred_at] : [])]
    case 'user-connection':
      if (data.action !== 'disconnect') return []
      return [occurred_at, ...(data.replaces ? [data.replaces.occurred_at] : [])]
    case 'recording-lifecycle':
    case 'push-lifecycle':
      return data.action === 'end' ? [occurred_at] : []
    default:
      return []
  }
}
