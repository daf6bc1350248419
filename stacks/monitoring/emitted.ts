import { Histogram, type MetricObject } from 'prom-client'
import { z } from 'zod'
import { createMetrics as createDecklogMetrics } from '../../functions/decklog/metrics.ts'
import { createMetrics as createIngestMetrics } from '../../functions/periscope-ingest/metrics.ts'
import { createMetrics as createHelmsmanMetrics, createRegistry } from '../../node-sidecar/metrics.ts'
import { systemClock } from '../../shared/clock.ts'
import { createHttpMetrics } from '../../shared/http/metrics.ts'
import { countRuns } from '../../shared/metrics/jobs.ts'
import { showOutbox } from '../../shared/metrics/outbox.ts'

/** What Prometheus itself adds to each series, and its target's own labels by job. */
const TARGET_LABELS = { helmsman: ['job', 'instance', 'host', 'service'], services: ['job', 'instance', 'service'] }
const Labelled = z.object({ labelNames: z.array(z.string()) })

/** Metrics by name with the labels of their series, from the registries that hosts and services really have. */
export function readEmitted(): Map<string, Set<string>> {
  return new Map([
    ...[...registeredOnHosts()].flatMap((metric) => seriesOf(metric, TARGET_LABELS.helmsman)),
    ...[...registeredInServices()].flatMap((metric) => seriesOf(metric, TARGET_LABELS.services)),
  ])
}

/** Names of metrics as they are registered: of hosts with Node's own, of all services together. */
export function readRegistered(): { helmsman: string[]; services: string[] } {
  const names = (metrics: MetricObject[]) => metrics.map(({ name }) => name).sort()
  return { helmsman: names(registeredOnHosts()), services: names(registeredInServices()) }
}

function registeredOnHosts(): MetricObject[] {
  const registry = createRegistry()
  createHelmsmanMetrics(registry)
  return registry.getMetricsAsArray()
}

function registeredInServices(): MetricObject[] {
  const { registry } = createHttpMetrics('service')
  const away = () => Promise.reject(new Error('Nothing is read here.'))
  createDecklogMetrics(registry, { lag: away })
  createIngestMetrics(registry, systemClock)
  showOutbox(registry, { read: away }, systemClock)
  countRuns(registry, systemClock, {})
  return registry.getMetricsAsArray()
}

function seriesOf(metric: MetricObject, targetLabels: string[]): [string, Set<string>][] {
  const labels = [...Labelled.parse(metric).labelNames, ...targetLabels]
  if (!(metric instanceof Histogram)) return [[metric.name, new Set(labels)]]
  const { name } = metric
  return [
    [`${name}_bucket`, new Set([...labels, 'le'])],
    [`${name}_sum`, new Set(labels)],
    [`${name}_count`, new Set(labels)],
  ]
}
