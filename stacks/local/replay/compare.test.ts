import { expect, test } from 'vitest'
import { compareStream, compareUnattributed, formatTable } from './compare.ts'
import { type Expected, sumExpected } from './expected.ts'
import { settle } from './settle.ts'

const session = { session_id: 'abc', seconds: 4, egress_bytes: 500, ingress_bytes: 7 }
const expected: Expected = { sessions: [session], runs: [], recordings: [], tracks: [['video', 'audio'], []] }
const right = { sums: sumExpected(expected), sessions: [session], tracks: expected.tracks }
const different = (answered: typeof right) => compareStream('live+a', expected, answered).filter(({ same }) => !same)

test('equal answers differ in nothing', () => {
  expect(different(right)).toEqual([])
})

test('a wrong sum, a session that came twice and a lost track list are each a difference', () => {
  const sums = { ...right.sums, egress_bytes: 501 }
  expect(different({ ...right, sums }).map(({ figure }) => figure)).toEqual(['egress_bytes'])
  const [twice] = different({ ...right, sessions: [session, session] })
  expect(twice).toMatchObject({ figure: 'each session', recorded: 'nothing', answered: 'abc 4 s 500 7' })
  expect(different({ ...right, tracks: [['video', 'audio']] })).toMatchObject([{ figure: 'each track list' }])
})

test('facts without an owner must be on the list of the operators', () => {
  const connection = (action: string) => ({
    stream_name: 'dynvod',
    event_type: 'user-connection',
    event: { data: { action } },
  })
  const listed = [connection('connect'), connection('disconnect')]
  const rows = compareUnattributed(new Map([['dynvod', expected]]), listed)
  expect(rows.filter(({ same }) => !same).map(({ figure }) => figure)).toEqual(['track-list'])
})

test('the table marks what differs and leaves out what is zero on both sides', () => {
  const table = formatTable(compareStream('live+a', expected, { ...right, sums: { ...right.sums, sessions: 2 } }))
  expect(table).toMatch(/≠ {2}live\+a {2}sessions/)
  expect(table).not.toContain('recorded_bytes')
})

test('answers must stay right for a while, and a late duplicate is noticed', async () => {
  const answers = [1, 2, 2, 3]
  let asked = 0
  const ask = async () => answers[Math.min(asked++, answers.length - 1)]
  expect(await settle(ask, (answer) => answer === 2, { hold_ms: 400, timeout_ms: 1_200 })).toBe(3)
  expect(
    await settle(
      async () => 2,
      (answer) => answer === 2,
      { hold_ms: 0 },
    ),
  ).toBe(2)
})
