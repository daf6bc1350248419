import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Seconds; the last is when a decision is late. */
const DECISION_BUCKETS_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4]

export type Metrics = ReturnType<typeof createMetrics>

/** Helmsman's registry, with what every process of Node tells of itself. */
export function createRegistry(): Registry {
  const registry = new Registry()
  registry.setDefaultLabels({ service: 'helmsman' })
  collectDefaultMetrics({ register: registry })
  return registry
}

/** What Helmsman counts. No label holds an address or a name of a stream. */
export function createMetrics(registry: Registry) {
  const registers = [registry]
  const metrics = {
    triggers: new Counter({
      name: 'helmsman_triggers_total',
      help: 'Triggers by what became of them',
      labelNames: ['trigger', 'outcome'] as const,
      registers,
    }),
    decisionSeconds: new Histogram({
      name: 'helmsman_decision_seconds',
      help: 'Time to answer a blocking trigger',
      labelNames: ['trigger'] as const,
      buckets: DECISION_BUCKETS_SECONDS,
      registers,
    }),
    events: new Counter({
      name: 'helmsman_events_total',
      help: 'Events by how far they came',
      labelNames: ['stage'] as const,
      registers,
    }),
    publishFailures: new Counter({
      name: 'helmsman_publish_failures_total',
      help: 'Calls to Decklog that failed as a whole',
      labelNames: ['code'] as const,
      registers,
    }),
    pollFailures: new Counter({
      name: 'helmsman_poll_failures_total',
      help: 'Polls of MistServer that failed',
      labelNames: ['poll'] as const,
      registers,
    }),
    repairs: new Counter({
      name: 'helmsman_config_repairs_total',
      help: 'Times that MistServer had lost our configuration',
      registers,
    }),
    journalPendingBytes: new Gauge({
      name: 'helmsman_journal_pending_bytes',
      help: 'Journalled and not yet taken by Decklog',
      registers,
    }),
    journalOldestSeconds: new Gauge({
      name: 'helmsman_journal_oldest_seconds',
      help: 'How long ago the oldest event happened that Decklog has not taken; 0 when it has all',
      registers,
    }),
    journalFullness: new Gauge({
      name: 'helmsman_journal_fullness',
      help: 'Share of its bound that the journal takes',
      registers,
    }),
  }
  // From the start: a counter that first appears with its first failure shows no increase.
  for (const stage of ['journalled', 'lost', 'accepted', 'rejected']) metrics.events.inc({ stage }, 0)
  return metrics
}
