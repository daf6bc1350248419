import { afterAll, beforeAll, expect, test } from 'vitest'
import { send } from '../../../shared/testing/api.ts'
import { openTestPeriscopeQuery, type TestPeriscopeQuery } from '../testing/periscope-query.ts'
import { RANGE, recordedSession } from '../testing/session.ts'
import { QUESTION_MEMORY_BYTES_MAX, QUESTION_ROWS_MAX, QUESTION_SECONDS_MAX, questionLimits } from './limits.ts'

const session = recordedSession()
let periscope: TestPeriscopeQuery

beforeAll(async () => {
  periscope = await openTestPeriscopeQuery()
  await periscope.store(session.events)
})

afterAll(() => periscope[Symbol.asyncDispose]())

test.each([
  ['seconds', { seconds: 0.001 }, 'question_too_slow'],
  ['rows', { rows: 10 }, 'question_reads_too_much'],
  ['memory', { memoryBytes: 100_000 }, 'question_needs_too_much_memory'],
] as const)('a question that needs more %s than it may is a 422 with advice', async (_, limit, code) => {
  periscope.allow({ ...questionLimits, ...limit })
  const token = await periscope.identities.user(session.tenant_id)
  const path = `/analytics/viewers?from=${RANGE.from}&to=${RANGE.to}&bucket=5m&by=city`
  const response = await send(periscope, `GET ${path}`, { token })
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(await response.json()).toMatchObject({ status: 422, code, detail: expect.stringContaining('a shorter range') })
})

test('questions may cost so much, and end before their request does', () => {
  expect(questionLimits).toEqual({
    seconds: QUESTION_SECONDS_MAX,
    rows: QUESTION_ROWS_MAX,
    memoryBytes: QUESTION_MEMORY_BYTES_MAX,
  })
})
