import { expect, test } from 'vitest'
import { Meters, meterDimensions } from '../../../shared/contract/meters.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { refusal } from '../../../shared/testing/api.ts'
import { useRecorded } from '../testing/recorded.ts'
import { RANGE } from '../testing/session.ts'

const recorded = useRecorded()
const { session } = recorded
const within = `from=${RANGE.from}&to=${RANGE.to}`
const of = session.events.filter(({ tenant_id }) => tenant_id !== null)

function figuresOf(events: readonly StoredEvent[]) {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const ends = <T extends StoredEvent['event_type']>(type: T, is: (data: StoredEvent<T>['data']) => boolean) =>
    events
      .filter((event) => event.event_type === type)
      .flatMap(({ data }) => (is(data as never) ? [data as never] : []))
  const sessions: Extract<StoredEvent<'user-connection'>['data'], { action: 'disconnect' }>[] = ends(
    'user-connection',
    ({ action }) => action === 'disconnect',
  )
  const runs: StoredEvent<'stream-end'>['data'][] = ends('stream-end', () => true)
  const recordings: StoredEvent<'recording-lifecycle'>['data'][] = ends(
    'recording-lifecycle',
    (is) => is.action === 'end',
  )
  const pushes: StoredEvent<'push-lifecycle'>['data'][] = ends('push-lifecycle', ({ action }) => action === 'end')
  return {
    sessions: sessions.length,
    viewer_seconds: sum(sessions.map(({ seconds }) => seconds)),
    egress_bytes: sum(sessions.map(({ egress_bytes }) => egress_bytes)),
    ingress_bytes: sum(sessions.map(({ ingress_bytes }) => ingress_bytes)),
    runs: runs.length,
    run_viewer_seconds: sum(runs.map(({ viewer_seconds }) => viewer_seconds)),
    run_egress_bytes: sum(runs.map(({ egress_bytes }) => egress_bytes)),
    run_ingress_bytes: sum(runs.map(({ ingress_bytes }) => ingress_bytes)),
    recordings: recordings.length,
    recorded_ms: sum(recordings.map(({ media_ms }) => media_ms)),
    recorded_bytes: sum(recordings.map(({ bytes }) => bytes ?? 0)),
    pushes: pushes.length,
    pushed_ms: sum(pushes.map(({ status }) => status?.active_ms ?? 0)),
    pushed_bytes: sum(pushes.map(({ status }) => status?.bytes ?? 0)),
  }
}

test.each(meterDimensions)('use by %s is what ended, by meter and window', async (by) => {
  recorded.periscope.at('2026-11-24T01:30:00.000Z')
  const answer = await recorded.ask(Meters, `/analytics/usage?${within}&bucket=5m&by=${by}`)
  expect(answer.total).toEqual(figuresOf(of))
  expect(Object.values(answer.total)).not.toContain(0)
  expect(answer.points).toHaveLength(12)
  for (const { at, ...figures } of answer.points) {
    const end = new Date(Date.parse(at) + 300_000).toISOString()
    expect(figures).toEqual(figuresOf(of.filter(({ occurred_at }) => occurred_at >= at && occurred_at < end)))
  }
  for (const { value, points: _, ...figures } of answer.groups) {
    expect(figures).toEqual(figuresOf(of.filter((event) => event[by] === value)))
  }
  expect(answer.groups.length).toBeGreaterThan(by === 'stream_id' ? 5 : 0)
})

test('use is complete once every host has been heard since', async () => {
  recorded.periscope.at('2026-11-24T01:01:00.000Z')
  expect(await recorded.ask(Meters, `/analytics/usage?${within}`)).toMatchObject({
    complete_until: '2026-11-24T00:59:00.000Z',
    complete: false,
  })
  recorded.periscope.at('2026-11-24T01:02:00.000Z')
  expect(await recorded.ask(Meters, `/analytics/usage?${within}`)).toMatchObject({ complete: true })
})

test.each(['from=2026-11-24T00:01:00Z', 'to=2026-11-24T00:59:59Z', 'bucket=1m'])('%s is refused', async (query) => {
  const asked = new URLSearchParams({ ...RANGE, ...Object.fromEntries(new URLSearchParams(query)) })
  expect(await refusal(recorded.get(`/analytics/usage?${asked}`))).toBe('400 invalid_input')
})
