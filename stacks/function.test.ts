import { expect, test } from 'vitest'
import { JOBS_TIMEOUT_MS } from '../shared/jobs.ts'
import { HANDLER_TIMEOUT_MS } from '../shared/outbox/drain.ts'
import { JOBS_FUNCTION_TIMEOUT } from './function.ts'

test('a function lasts until its jobs have ended, with what they had begun', () => {
  const [, seconds] = /^(\d+) seconds$/.exec(JOBS_FUNCTION_TIMEOUT) ?? []
  expect(Number(seconds) * 1000).toBeGreaterThan(JOBS_TIMEOUT_MS + HANDLER_TIMEOUT_MS)
})
