import { expect, test } from 'vitest'
import { LoadQuery, StreamQuery, wishesInHeaders, wishesOf } from './query.ts'

const read = (query: Record<string, string>) => LoadQuery.safeParse(query)

test('tags are adjusted as MistUtilLoad does: one of several, or none of them', () => {
  const { data } = read({ tag_adjust: '{"eu,us":10,"-full":-5.5}' })
  expect(data?.tag_adjust).toEqual([
    { tags: ['eu', 'us'], without: false, points: 10 },
    { tags: ['full'], without: true, points: -5.5 },
  ])
})

test.each<Record<string, string>>([
  { tag_adjust: '[1]' },
  { tag_adjust: '{"a":"b"}' },
  { tag_adjust: '{"a":1e9}' },
  { tag_adjust: '{' },
  { tag_adjust: JSON.stringify(Object.fromEntries(Array.from({ length: 33 }, (_, n) => [n, n]))) },
  { lat: '91', lon: '0' },
  { lat: 'NaN', lon: '0' },
  { lat: 'Infinity', lon: '0' },
  { lat: '1e1', lon: '0' },
  { ingest: '-1' },
  { ingest: '101' },
  { ingest: 'much' },
  { host: 'a\r\nb' },
  { cluster: 'clu_x' },
])('%o is refused', (query) => {
  expect(read(query).success).toBe(false)
})

test('what is empty is not there', () => {
  const { data } = read({ host: '', lat: '', lon: '', tag_adjust: '', ingest: '', fallback: '' })
  expect(data).toEqual({ tag_adjust: [] })
})

test('the equator and the prime meridian are places, half a place is none', () => {
  const query = StreamQuery.parse({ lat: '0', lon: '-0.0' })
  expect(wishesOf(query).location).toMatchObject({ latitude: 0 })
  for (const half of [{ lat: '1' }, { lon: '1' }]) {
    expect(() => wishesOf(StreamQuery.parse(half))).toThrow(expect.objectContaining({ reason: 'invalid_input' }))
  }
})

test('what a front says comes before the query', () => {
  const query = { location: { latitude: 1, longitude: 1 }, adjust: [{ tags: ['a'], without: false, points: 1 }] }
  const wishes = (headers: Record<string, string>) => wishesInHeaders((name) => headers[name], query)
  expect(wishes({})).toEqual(query)
  expect(wishes({ 'x-latitude': '2', 'x-longitude': '3' })).toEqual({
    ...query,
    location: { latitude: 2, longitude: 3 },
  })
  expect(wishes({ 'x-tag-adjust': '{}' })).toEqual({ ...query, adjust: [] })
})
