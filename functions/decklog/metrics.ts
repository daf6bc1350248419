import { Counter, type Registry } from 'prom-client'
import { EVENTS_GROUPS, EVENTS_TOPIC } from '../../shared/contract/decklog.ts'
import type { EventLog } from '../../shared/kafka/event-log.ts'
import { showLogLag } from '../../shared/metrics/log-lag.ts'

/** What Decklog counts of events, and how far those are who read its log. */
export function createMetrics(registry: Registry, events: Pick<EventLog, 'lag'>) {
  showLogLag(registry, events, { topic: EVENTS_TOPIC, groups: EVENTS_GROUPS })
  return {
    verdicts: new Counter({
      name: 'decklog_events_total',
      help: 'Events by type and what became of them',
      labelNames: ['event_type', 'outcome'] as const,
      registers: [registry],
    }),
  }
}
