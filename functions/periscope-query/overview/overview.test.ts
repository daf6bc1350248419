import { expect, test } from 'vitest'
import { Audience } from '../../../shared/contract/audience.ts'
import { Overview, TOP_MAX } from '../../../shared/contract/overview.ts'
import { StreamStatus, Usage } from '../../../shared/contract/periscope-query.ts'
import { Quality } from '../../../shared/contract/quality.ts'
import { Routing } from '../../../shared/contract/routing.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { eventOf } from '../../periscope-ingest/testing/events.ts'
import { useRecorded } from '../testing/recorded.ts'
import { RANGE } from '../testing/session.ts'

const recorded = useRecorded(({ tenant_id, streams }) => {
  const stream_id = streams.get('live+test') ?? ''
  const at = (seconds: number) => ({ occurred_at: `2026-11-24T00:40:${seconds}.000Z`, tenant_id })
  const host = (node_id: string, healthy: boolean, seconds: number) => {
    const event = eventOf('node-monitoring')
    return { ...event, ...at(seconds), node_id, data: { ...event.data, healthy } } as StoredEvent
  }
  return [
    { ...eventOf('stream-lifecycle'), ...at(10), stream_id },
    { ...eventOf('load-balancing'), ...at(10), stream_id },
    ...[host('nod_1', true, 10), host('nod_2', false, 20), host('nod_3', true, 30)],
  ]
})
const within = `from=${RANGE.from}&to=${RANGE.to}`

test('an overview is what its parts say each by itself', async () => {
  recorded.periscope.at('2026-11-24T00:41:00.000Z')
  const { ask, session } = recorded
  const overview = await ask(Overview, `/analytics/overview?${within}&bucket=5m`)
  const viewers = await ask(Audience, `/analytics/viewers?${within}&bucket=5m`)
  expect(overview.viewers).toEqual({ total: viewers.total, points: viewers.points })
  for (const [top, by] of [
    [overview.top_streams, 'stream_id'],
    [overview.top_countries, 'country_code'],
    [overview.top_protocols, 'protocol'],
  ] as const) {
    const { groups } = await ask(Audience, `/analytics/viewers?${within}&by=${by}&groups=${TOP_MAX}`)
    expect(top).toEqual(groups.map(({ points: _, ...figures }) => figures))
    expect(top.length).toBeGreaterThan(0)
  }
  expect(overview.quality).toEqual((await ask(Quality, `/analytics/quality?${within}`)).total)
  expect(overview.routing).toEqual((await ask(Routing, `/analytics/routing?${within}`)).total)
  expect(await ask(Usage, `/usage?${within}`)).toMatchObject(overview.usage)
  expect(overview.usage.sessions).toBeGreaterThan(20)

  const statuses = await Promise.all(
    [...session.streams.values()].map((id) => ask(StreamStatus, `/streams/${id}/status`)),
  )
  const count = (is: string) => statuses.filter(({ status }) => status === is).length
  expect(overview.now).toEqual({
    at: '2026-11-24T00:41:00.000Z',
    ...{ streams_live: count('live'), streams_unknown: count('unknown') },
    viewers: statuses.reduce((sum, status) => sum + status.viewers, 0),
    ...{ hosts: 3, hosts_healthy: 2 },
  })
  expect(overview.now).toMatchObject({ streams_live: 1, viewers: 3 })
})

test('hosts that fell silent are not there now', async () => {
  recorded.periscope.at('2026-11-24T00:42:15.000Z')
  const { now } = await recorded.ask(Overview, `/analytics/overview?${within}`)
  expect(now).toMatchObject({ hosts: 2, hosts_healthy: 1, streams_live: 0 })
})
