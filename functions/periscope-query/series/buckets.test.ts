import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Bucket } from '../../../shared/contract/series.ts'
import { toBuckets } from './buckets.ts'

const starts = (from: string, to: string, time_zone: string, bucket: Bucket) =>
  toBuckets({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), time_zone }, bucket).map((start) =>
    new Date(start).toISOString(),
  )

test.each<[string, string, string, string, Bucket, string[]]>([
  [
    'a day that is an hour shorter',
    ...(['2026-03-28T23:00:00Z', '2026-03-30T22:00:00Z', 'Europe/Amsterdam', '1d'] as const),
    ['2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
  ],
  [
    'a day that is an hour longer, from its middle',
    ...(['2026-10-25T12:00:00Z', '2026-10-26T23:30:00Z', 'Europe/Amsterdam', '1d'] as const),
    ['2026-10-25T12:00:00.000Z', '2026-10-25T23:00:00.000Z', '2026-10-26T23:00:00.000Z'],
  ],
  [
    'weeks from Monday',
    ...(['2026-11-26T00:00:00Z', '2026-12-08T00:00:00Z', 'UTC', '1w'] as const),
    ['2026-11-26T00:00:00.000Z', '2026-11-30T00:00:00.000Z', '2026-12-07T00:00:00.000Z'],
  ],
  [
    'months of another calendar day',
    ...(['2026-01-31T15:00:00Z', '2026-04-01T00:00:00Z', 'Asia/Tokyo', '1mo'] as const),
    ['2026-01-31T15:00:00.000Z', '2026-02-28T15:00:00.000Z', '2026-03-31T15:00:00.000Z'],
  ],
  [
    'hours of a zone that is off by a quarter',
    ...(['2026-01-01T00:00:00Z', '2026-01-01T02:00:00Z', 'Asia/Kathmandu', '1h'] as const),
    ['2026-01-01T00:00:00.000Z', '2026-01-01T00:15:00.000Z', '2026-01-01T01:15:00.000Z'],
  ],
  [
    'a day without a midnight',
    ...(['2018-11-03T12:00:00Z', '2018-11-05T00:00:00Z', 'America/Sao_Paulo', '1d'] as const),
    ['2018-11-03T12:00:00.000Z', '2018-11-04T03:00:00.000Z'],
  ],
])('buckets follow the calendar of their zone: %s', (_, from, to, zone, bucket, expected) => {
  expect(starts(from, to, zone, bucket)).toEqual(expected)
})

test('buckets begin with the range, rise, and end before it does; each day begins at midnight', () => {
  const zones = ['UTC', 'Europe/Amsterdam', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia', 'Australia/Lord_Howe']
  const scenario = fc.record({
    from: fc.integer({ min: Date.parse('2020-01-01'), max: Date.parse('2027-01-01') }),
    length: fc.integer({ min: 1, max: 20 * 86_400_000 }),
    zone: fc.constantFrom(...zones),
    bucket: fc.constantFrom(...Bucket.options.slice(2)),
  })
  fc.assert(
    fc.property(scenario, ({ from, length, zone, bucket }) => {
      const range = { from: new Date(from).toISOString(), to: new Date(from + length).toISOString(), time_zone: zone }
      const buckets = toBuckets(range, bucket)
      expect(buckets[0]).toBe(from)
      expect(buckets.at(-1)).toBeLessThan(from + length)
      expect(buckets).toEqual([...new Set(buckets)].toSorted((a, b) => a - b))
      if (bucket !== '1d') return
      const clock = new Intl.DateTimeFormat('en', { timeZone: zone, hour: '2-digit', minute: '2-digit', hour12: false })
      for (const edge of buckets.slice(1)) expect(clock.format(edge)).toMatch(/^24:00|^00:00/)
    }),
  )
})
