import { expect, test } from 'vitest'
import { findTriggerError, HANDLER_CHARS_MAX, handlersOf, matchesStreams } from './handlers.ts'

test('a handler URL longer than the limit is cut without a word', () => {
  const handler = `http://127.0.0.1/${'x'.repeat(HANDLER_CHARS_MAX)}`
  const [read] = handlersOf({ USER_NEW: [{ handler, sync: true }] }, 'USER_NEW')
  expect(read?.url).toBe(handler.slice(0, HANDLER_CHARS_MAX))
})

test('the old form of an entry is read as well', () => {
  const entry = ['http://127.0.0.1/', true, ['live+']]
  expect(handlersOf({ USER_NEW: [entry] }, 'USER_NEW')).toEqual([
    { url: 'http://127.0.0.1/', sync: true, streams: ['live+'], fallback: '', onfail: '' },
  ])
})

test.for([
  ['PUSH_REWRITE', 'deny', true, undefined],
  ['PUSH_REWRITE', 'DENY', true, undefined],
  ['STREAM_SOURCE', 'offline', true, undefined],
  ['STREAM_SOURCE', 'deny', true, "Invalid onfail action 'deny' for STREAM_SOURCE trigger"],
  ['USER_NEW', 'deny', false, "Invalid onfail action 'deny' for USER_NEW trigger"],
  ['USER_NEW', 'value', true, "Invalid onfail action 'value' for USER_NEW trigger"],
] as const)('%s with onfail %s (sync %s) gives %s', ([trigger, onfail, sync, error]) => {
  expect(findTriggerError({ [trigger]: [{ handler: 'http://x/', sync, onfail }] })).toBe(error)
})

test.for([
  [[], 'live+one', true],
  [['live+one'], 'live+one', true],
  [['live'], 'live+one', false],
  [['live+'], 'live+one', true],
  [['li*ne'], 'live+one', true],
  [['live+', '!live+one'], 'live+one', false],
  [['!live+one'], 'live+two', true],
] as const)('the filter %j and %s: %s', ([filter, stream, expected]) => {
  expect(matchesStreams(filter, stream)).toBe(expected)
})
