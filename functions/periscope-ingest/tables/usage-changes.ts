import type { OwnedEvent } from './table.ts'

/** Usage is counted in windows this long, which begin at full five minutes of the clock. */
export const WINDOW_MS = 5 * 60_000

interface UsageChange {
  tenant_id: string
  window_start: string
}

/** The windows of usage that these events change: those in which an end lies, and in which one lay that it replaces. */
export function toUsageChanges(events: readonly OwnedEvent[]): UsageChange[] {
  const changes = events.flatMap((event) =>
    endTimes(event).map((time) => ({ tenant_id: event.tenant_id, window_start: windowOf(time) })),
  )
  return [...new Map(changes.map((change) => [change.tenant_id + change.window_start, change])).values()]
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

function windowOf(time: string): string {
  return new Date(Math.floor(Date.parse(time) / WINDOW_MS) * WINDOW_MS).toISOString()
}
