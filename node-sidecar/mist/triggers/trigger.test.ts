import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Fault } from '../../../shared/fault.ts'
import { readKinds, readSession } from '../../testing/recordings.ts'
import { decodePayload, isTriggerName, parseTrigger, type TriggerName, triggerNames } from './trigger.ts'

const kinds = readKinds()

function nameOf(text: string): TriggerName {
  if (!isTriggerName(text)) throw new TypeError(`unknown trigger ${text}`)
  return text
}

function reasonOf(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    if (error instanceof Fault) return error.reason
    throw error
  }
  return undefined
}

test('35 kinds are recorded, and each is known', () => {
  expect(kinds).toHaveLength(35)
  expect(kinds.filter(({ trigger }) => !isTriggerName(trigger))).toEqual([])
})

test.each(kinds)('$trigger reads as recorded', async ({ trigger, body }) => {
  const { payload } = parseTrigger(nameOf(trigger), body)
  await expect(`${JSON.stringify(payload, null, 2)}\n`).toMatchFileSnapshot(`../../fixtures/parsed/${trigger}.json`)
})

test('every call of a recorded session reads', () => {
  const calls = readSession()
  expect(calls).toHaveLength(797)
  for (const { trigger, body } of calls) expect(parseTrigger(nameOf(trigger), body).name).toBe(trigger)
})

test('a stream whose name ends in a newline is read, wherever its name stands', () => {
  const odd = readSession().filter(({ body }) => body.includes('live+CamelCase\n\n') || body === 'live+CamelCase\n')
  const read = odd.map(({ trigger, body }) => parseTrigger(nameOf(trigger), body))
  expect(new Set(read.map(({ name }) => name)).size).toBeGreaterThanOrEqual(9)
  for (const { payload } of read) expect(payload).toMatchObject({ stream_name: 'live+CamelCase' })
})

test.each([
  ['a missing line', 'STREAM_END', 'live+a\n1\n2\n3\n4\n5', 'trigger_lines'],
  ['a line too many', 'STREAM_END', 'live+a\n0\n1\n2\n3\n4\n5\n6', 'trigger_lines'],
  ['a number that is none', 'STREAM_END', 'live+a\n1\n2\n3\n4\n5\nx', 'trigger_number'],
  ['a negative number', 'STREAM_END', 'live+a\n1\n2\n3\n4\n5\n-6', 'trigger_number'],
  ['a number too large for JSON', 'STREAM_END', 'live+a\n9007199254740993\n2\n3\n4\n5\n6', 'trigger_number'],
  ['broken JSON', 'STREAM_BUFFER', 'live+a\nFULL\n{"tracks":[', 'trigger_json'],
  ['a listed track without figures', 'STREAM_BUFFER', 'live+a\nFULL\n{"tracks":["v"]}', 'trigger_json'],
  ['no state', 'STREAM_BUFFER', 'live+a\nSOGGY', 'trigger_lines'],
  ['no end of its last line', 'LIVE_TRACK_LIST', 'live+a\n{}', 'trigger_lines'],
  ['11 lines', 'USER_END', Array(11).fill('').join('\n'), 'trigger_lines'],
  ['no session id', 'USER_END', Array(12).fill('').join('\n'), 'trigger_session'],
  ['two lines', 'PUSH_REWRITE', 'rtmp://a/b/c\n::1', 'trigger_lines'],
] as const)('%s makes %s a fault', (_, name, body, reason) => {
  expect(reasonOf(() => parseTrigger(name, body))).toBe(reason)
})

test('a viewer cannot bill another stream by a token with newlines', () => {
  const body = `x\nlive+victim\nlive+own\nHLS\n::1\n9\n8\n7\n\n9\n9\n9\n${'a'.repeat(64)}`
  expect(parseTrigger('USER_END', body).payload).toMatchObject({ streams: [{ name: 'live+own', seconds: 9 }] })
})

test('USER_NEW reads with six lines and with seven', () => {
  const six = `live+a\n::1\ntoken\nHLS\nhttp://h/a\n${'b'.repeat(64)}`
  expect(parseTrigger('USER_NEW', six)).toEqual(parseTrigger('USER_NEW', `${six}\nfalse`))
})

test('an EMPTY buffer may name its last media time', () => {
  expect(parseTrigger('STREAM_BUFFER', 'live+a\nEMPTY\n4711').payload).toMatchObject({ final_media_ms: 4711 })
  expect(parseTrigger('STREAM_BUFFER', 'live+a\nEMPTY').payload).toMatchObject({ final_media_ms: null })
})

test('kinds that no recording shows read by their documented lines', () => {
  const complete = ['live+a', 's', '1', '0', '2000', '640', '360', '9', '8', '1', '1', 'http://b', '5', '2', '[]']
  expect(parseTrigger('LIVEPEER_SEGMENT_COMPLETE', complete.join('\n')).payload).toMatchObject({ duration_ms: 2000 })
  const virtual = Array.from({ length: 31 }, (_, i) => String(i + 1)).with(30, '1')
  expect(parseTrigger('PROCESS_AV_VIRTUAL_SEGMENT_COMPLETE', virtual.join('\n')).payload).toMatchObject({ final: true })
  expect(parseTrigger('LIVEPEER_SEGMENT_REJECTED', '{}\nQUJD\n{}\nhttp://b\nN/A').payload).toMatchObject({
    broadcaster: 'http://b',
  })
  expect(parseTrigger('THUMBNAIL_UPDATED', 'live+a\n/p.jpg\n/s.jpg\n/s.vtt').payload).toMatchObject({
    poster: '/p.jpg',
  })
})

test('bytes that are not UTF-8 are a fault, and a byte order mark is text', () => {
  expect(reasonOf(() => decodePayload(Uint8Array.of(0x6c, 0xff, 0x0a)))).toBe('trigger_utf8')
  expect(decodePayload(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa')
})

test('any text is read or refused, and a refusal never repeats it', () => {
  const bodies = kinds.map(({ body }) => body)
  const secret = 'sk_0123456789abcdefghjkmnpqrs'
  const mangled = fc
    .tuple(fc.constantFrom(...bodies), fc.nat(), fc.nat(40), fc.string())
    .map(
      ([body, at, length, text]) =>
        `${body.slice(0, at % body.length)}${text}${body.slice((at % body.length) + length)}`,
    )
  fc.assert(
    fc.property(fc.constantFrom(...triggerNames), fc.oneof(fc.string(), mangled), (name, text) => {
      try {
        parseTrigger(name, `${secret}\n${text}\n${secret}`)
      } catch (error) {
        expect(error).toBeInstanceOf(Fault)
        expect(String(error)).not.toContain(secret)
      }
    }),
    { numRuns: 2000 },
  )
})
