import { Counter, Histogram, Registry } from 'prom-client'
import type { Observe } from './app.ts'

/** Seconds; the last is the request timeout, so that what falls outside is late. */
export const DURATION_BUCKETS_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** A service's metrics: the registry that `/metrics` shows, and what `createApp` reports each request to. */
export function createHttpMetrics(service: string): { registry: Registry; observe: Observe } {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  const labelNames = ['method', 'route', 'status'] as const
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Answered requests by route and status',
    labelNames,
    registers: [registry],
  })
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to answer by route',
    labelNames: ['method', 'route'] as const,
    buckets: DURATION_BUCKETS_SECONDS,
    registers: [registry],
  })
  const observe: Observe = ({ method, route, status, took_ms }) => {
    requests.inc({ method, route, status })
    durations.observe({ method, route }, took_ms / 1000)
  }
  return { registry, observe }
}
