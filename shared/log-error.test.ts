import { MultipleErrors, NetworkError } from '@platformatic/kafka'
import { expect, test } from 'vitest'
import { Fault } from './fault.ts'
import { configureLog, createLog } from './log.ts'
import { CAUSES_MAX, describeError, MESSAGE_CHARS_MAX, STACK_LINES_MAX } from './log-error.ts'

const LINE_CHARS_MAX = 4_000

/** As the client of Kafka fails when no broker answers: attempts of attempts, each with its own errors. */
function outage(depth: number): Error {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9092'), { code: 'ECONNREFUSED' })
  const network = new NetworkError('Connection to 127.0.0.1:9092 failed.', { cause: refused })
  if (depth === 0) return network
  const attempts = Array.from({ length: 10 }, () => outage(depth - 1))
  return new MultipleErrors(`Metadata failed ${depth} times.`, attempts)
}

test('an outage of Kafka is a line that a person can read, with what lies at its bottom', () => {
  const lines: string[] = []
  configureLog({ pretty: false, level: 'info', write: (line) => lines.push(line) })
  const error = new Fault('unavailable', 'event_log_unavailable', 'The event log cannot be reached', {
    cause: outage(3),
  })
  createLog('test').warn('event log recovers', { code: error.reason, error })
  expect(lines).toHaveLength(1)
  expect(lines[0]?.length).toBeLessThan(LINE_CHARS_MAX)
  const line = JSON.parse(lines[0] ?? '')
  expect(line).toMatchObject({ code: 'event_log_unavailable', error: { name: 'Fault', message: error.message } })
  expect(line.error.stack).toContain('log-error.test.ts')
  expect(line.error.causes).toEqual([
    'AggregateError PLT_KFK_MULTIPLE: Metadata failed 3 times.',
    'AggregateError PLT_KFK_MULTIPLE: Metadata failed 2 times.',
    'AggregateError PLT_KFK_MULTIPLE: Metadata failed 1 times.',
    'Error PLT_KFK_NETWORK: Connection to 127.0.0.1:9092 failed.',
    'Error ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:9092',
  ])
})

test('long messages, deep stacks and many causes are cut, and a circle ends', () => {
  const many = new AggregateError(
    Array.from({ length: 2 * CAUSES_MAX }, (_, i) => `cause ${i}`),
    'x'.repeat(2 * MESSAGE_CHARS_MAX),
  )
  many.stack = Array.from({ length: 100 }, (_, i) => `at ${i}`).join('\n')
  const described = describeError(many)
  expect(String(described.message)).toHaveLength(MESSAGE_CHARS_MAX + 1)
  expect(String(described.stack).split('\n')).toHaveLength(STACK_LINES_MAX)
  expect(described.causes).toHaveLength(CAUSES_MAX)
  const circle = new Error('a')
  circle.cause = new Error('b', { cause: circle })
  expect(describeError(circle).causes).toEqual(['Error: b', 'Error: a'])
})
