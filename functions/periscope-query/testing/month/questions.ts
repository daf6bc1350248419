import { endOf, hostOf, type MonthShape, streamsOf } from './month.ts'

/** One of everything that can be asked of a tenant's time, over all of it, by name. */
export function questionsOf(tenant: number, shape: MonthShape): [name: string, path: string][] {
  const [from, to] = [shape.from, endOf(shape)]
  const range = `from=${from}&to=${to}`
  const lastDay = `from=${new Date(Date.parse(to) - 86_400_000).toISOString()}&to=${to}`
  // As a dashboard asks: thirty days back from a moment that is no edge of anything.
  const uneven = `from=${new Date(Date.parse(from) + 456_789).toISOString()}&to=${new Date(Date.parse(to) - 234_567).toISOString()}`
  const [stream] = streamsOf(tenant, shape)
  const host = hostOf(tenant, 0)
  return Object.entries({
    overview: `/analytics/overview?${range}&bucket=1d`,
    'overview, uneven': `/analytics/overview?${uneven}&bucket=1h`,
    'overview of a day': `/analytics/overview?${lastDay}&bucket=1h`,
    viewers: `/analytics/viewers?${range}`,
    'viewers by hour': `/analytics/viewers?${range}&bucket=1h&time_zone=Asia/Kolkata`,
    'viewers by hour and country': `/analytics/viewers?${range}&bucket=1h&by=country_code`,
    'viewers by day and stream': `/analytics/viewers?${uneven}&bucket=1d&by=stream_id`,
    'viewers by minute': `/analytics/viewers?${lastDay}&bucket=1m`,
    'viewers of a stream': `/analytics/viewers?${range}&bucket=1d&stream_id=${stream}`,
    quality: `/analytics/quality?${range}&bucket=1d`,
    'quality by hour and protocol': `/analytics/quality?${range}&bucket=1h&by=protocol`,
    'quality by stream, uneven': `/analytics/quality?${uneven}&bucket=1d&by=stream_id`,
    'quality by minute': `/analytics/quality?${lastDay}&bucket=1m`,
    'quality of a stream': `/analytics/quality?${range}&bucket=1h&stream_id=${stream}`,
    tiers: `/analytics/tiers?${range}&bucket=1d&by=tier`,
    'usage by day and stream': `/analytics/usage?${range}&bucket=1d&by=stream_id`,
    'usage by hour': `/analytics/usage?${range}&bucket=1h`,
    'usage, sums': `/usage?${range}&step_seconds=86400`,
    'hosts by hour': `/analytics/nodes?${range}&bucket=1h&by=node_id`,
    'metrics of a host': `/nodes/${host}/metrics?${range}&bucket=1h`,
    'routing by hour and country': `/analytics/routing?${range}&bucket=1h&by=country_code`,
    'routing by reason': `/analytics/routing?${uneven}&by=reason_code`,
    decisions: `/routing/decisions?${range}&limit=100`,
    streams: '/analytics/streams?limit=100',
    'a stream now': `/streams/${stream}/status`,
    'a stream as it was': `/streams/${stream}/status?at=${new Date(Date.parse(to) - 40_000_000).toISOString()}`,
    'viewers of a stream, by step': `/streams/${stream}/viewers?${range}`,
    'sessions of a stream': `/streams/${stream}/sessions?${range}&limit=100`,
    'runs of a stream': `/streams/${stream}/runs?${range}&limit=100`,
    'tracks of a stream': `/streams/${stream}/tracks?${range}&limit=100`,
    'health of a stream': `/streams/${stream}/health?${range}&limit=100`,
    'pushes of a stream': `/streams/${stream}/pushes?${range}&limit=100`,
    'recordings of a stream': `/streams/${stream}/recordings?${range}&limit=100`,
    'usage of a stream': `/streams/${stream}/usage?${range}&step_seconds=86400`,
  })
}
