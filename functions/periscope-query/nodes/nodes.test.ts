import { expect, test } from 'vitest'
import { NodeMetrics, nodeDimensions } from '../../../shared/contract/node-metrics.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { newId } from '../../../shared/ids.ts'
import { mulberry32 } from '../../../shared/mulberry32.ts'
import { eventOf } from '../../periscope-ingest/testing/events.ts'
import { useRecorded } from '../testing/recorded.ts'
import { RANGE } from '../testing/session.ts'

type Poll = StoredEvent<'node-monitoring'>
const SEED = 3
const hosts = [newId('node'), newId('node'), newId('node')]
const polls: Poll[] = []

const recorded = useRecorded(({ tenant_id }) => {
  const random = mulberry32(SEED)
  const maybe = (value: number) => (random() < 0.2 ? null : Math.floor(random() * value))
  for (let index = 0; index < 90; index += 1) {
    const event = eventOf('node-monitoring') as Poll
    const healthy = random() < 0.7
    const which = Math.floor(random() * hosts.length)
    polls.push({
      ...{
        ...event,
        tenant_id,
        stream_id: null,
        node_id: hosts[which] ?? '',
        cluster_id: which === 0 ? 'clu_1' : 'clu_2',
      },
      occurred_at: new Date(Date.parse(RANGE.from) + index * 40_000).toISOString(),
      data: {
        ...event.data,
        ...{ healthy, unhealthy_reasons: healthy ? [] : [random() < 0.5 ? 'memory_high' : 'shm_high'] },
        ...{
          cpu_percent: maybe(100),
          memory_total_bytes: maybe(4) === null ? null : 1000,
          memory_used_bytes: maybe(1000),
        },
        ...{ shm_total_bytes: 500, shm_used_bytes: maybe(500), streams: maybe(9), viewers: maybe(300) },
        ...{ media_egress_bytes_per_second: maybe(9000), media_ingress_bytes_per_second: maybe(900) },
        ...{ network_egress_bytes_per_second: maybe(9000), network_ingress_bytes_per_second: maybe(900) },
      },
    })
  }
  return polls
})
const within = `from=${RANGE.from}&to=${RANGE.to}`

function figuresOf(events: readonly Poll[]) {
  const data = events.map((event) => event.data)
  const known = (name: keyof Poll['data']) => data.flatMap((poll) => (poll[name] as number | null) ?? [])
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const mean = (values: readonly number[]) => (values.length === 0 ? null : sum(values) / values.length)
  const most = (values: readonly number[]) => (values.length === 0 ? null : Math.max(...values))
  const filled = (total: 'memory_total_bytes' | 'shm_total_bytes', used: 'memory_used_bytes' | 'shm_used_bytes') =>
    data.flatMap((poll) => (poll[total] !== null && poll[used] !== null ? [[poll[used], poll[total]] as const] : []))
  const percent = (pairs: readonly (readonly [number, number])[]) =>
    pairs.length === 0 ? null : (sum(pairs.map(([used]) => used)) / sum(pairs.map(([, total]) => total))) * 100
  const memory = filled('memory_total_bytes', 'memory_used_bytes')
  return {
    hosts: new Set(events.map(({ node_id }) => node_id)).size,
    polls: data.length,
    unhealthy_reasons: [...new Set(data.flatMap(({ unhealthy_reasons }) => unhealthy_reasons))].sort(),
    healthy_ratio: mean(data.map(({ healthy }) => Number(healthy))),
    cpu_percent: mean(known('cpu_percent')),
    cpu_percent_max: most(known('cpu_percent')),
    memory_percent: percent(memory),
    memory_percent_max: most(memory.map(([used, total]) => (used / total) * 100)),
    shm_percent: percent(filled('shm_total_bytes', 'shm_used_bytes')),
    media_egress_bytes_per_second: mean(known('media_egress_bytes_per_second')),
    media_egress_bytes_per_second_max: most(known('media_egress_bytes_per_second')),
    media_ingress_bytes_per_second: mean(known('media_ingress_bytes_per_second')),
    network_egress_bytes_per_second: mean(known('network_egress_bytes_per_second')),
    network_ingress_bytes_per_second: mean(known('network_ingress_bytes_per_second')),
    streams: mean(known('streams')),
    viewers: mean(known('viewers')),
    viewers_max: most(known('viewers')),
  }
}

function expectClose(found: Record<string, unknown>, slow: Record<string, unknown>) {
  expect(Object.keys(found).sort()).toEqual(Object.keys(slow).sort())
  for (const [name, value] of Object.entries(slow)) {
    if (typeof value === 'number' && !Number.isInteger(value)) expect(found[name], name).toBeCloseTo(value, 9)
    else expect(found[name], name).toEqual(value)
  }
}

test.each(nodeDimensions)('hosts by %s are what their polls said, poll by poll', async (by) => {
  const { total, points, groups } = await recorded.ask(NodeMetrics, `/analytics/nodes?${within}&bucket=15m&by=${by}`)
  expectClose(total, figuresOf(polls))
  for (const { at, ...figures } of points) {
    const end = new Date(Date.parse(at) + 900_000).toISOString()
    expectClose(figures, figuresOf(polls.filter(({ occurred_at }) => occurred_at >= at && occurred_at < end)))
  }
  expect(groups).toHaveLength(by === 'node_id' ? 3 : 2)
  for (const { value, points: _, ...figures } of groups) {
    expectClose(figures, figuresOf(polls.filter((poll) => poll[by] === value)))
  }
})

test('one host is that one alone, and a time without polls knows nothing', async () => {
  for (const host of hosts) {
    const { total } = await recorded.ask(NodeMetrics, `/nodes/${host}/metrics?${within}`)
    expectClose(total, figuresOf(polls.filter(({ node_id }) => node_id === host)))
  }
  const later = `from=2026-11-25T00:00:00Z&to=2026-11-25T02:00:00Z&bucket=1h`
  const { total, points } = await recorded.ask(NodeMetrics, `/nodes/${hosts[0]}/metrics?${later}`)
  expectClose(total, figuresOf([]))
  expect(points).toHaveLength(2)
})
