import { expect, test } from 'vitest'
import { Meters, meterDimensions } from '../../../shared/contract/meters.ts'
import { refusal } from '../../../shared/testing/api.ts'
import { useRecorded } from '../testing/recorded.ts'
import { RANGE } from '../testing/session.ts'
import { slowMeters } from '../testing/slow-meters.ts'

const recorded = useRecorded()
const { session } = recorded
const within = `from=${RANGE.from}&to=${RANGE.to}`
const of = session.events.filter(({ tenant_id }) => tenant_id !== null)

test.each(meterDimensions)('use by %s is what ended, by meter and window', async (by) => {
  recorded.periscope.at('2026-11-24T01:30:00.000Z')
  const answer = await recorded.ask(Meters, `/analytics/usage?${within}&bucket=5m&by=${by}`)
  expect(answer.total).toEqual(slowMeters(of))
  expect(Object.values(answer.total)).not.toContain(0)
  expect(answer.points).toHaveLength(12)
  for (const { at, ...figures } of answer.points) {
    const end = new Date(Date.parse(at) + 300_000).toISOString()
    expect(figures).toEqual(slowMeters(of.filter(({ occurred_at }) => occurred_at >= at && occurred_at < end)))
  }
  for (const { value, points: _, ...figures } of answer.groups) {
    expect(figures).toEqual(slowMeters(of.filter((event) => event[by] === value)))
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
