import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SentEvent } from '../../shared/events/envelope.ts'
import { openDoor } from '../testing/open-door.ts'
import { readKinds } from '../testing/recordings.ts'
import { triggerNames, triggers } from './triggers/trigger.ts'

const RUNS = 400
const encoder = new TextEncoder()
const recorded = readKinds().map(({ body }) => encoder.encode(body))

const anyBytes = fc.uint8Array({ maxLength: 400 })
/** A recorded body with a part of it replaced by other bytes, or by nothing. */
const spoilt = fc
  .tuple(fc.constantFrom(...recorded), fc.nat(), fc.nat(60), fc.uint8Array({ maxLength: 60 }))
  .map(([body, at, length, bytes]) => {
    const from = at % (body.length + 1)
    return new Uint8Array([...body.slice(0, from), ...bytes, ...body.slice(from + length)])
  })
const numbers = fc
  .tuple(
    fc.constantFrom(...recorded),
    fc.constantFrom('-1', '1e9', '18446744073709551616', '9'.repeat(400), '\0', '\ud800'),
  )
  .map(([body, number]) => encoder.encode(new TextDecoder().decode(body).replace(/\d+/g, number)))
const header = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
})
const headers = fc.record(
  { 'x-trigger-uuid': header, 'x-trigger-unixmillis': header, date: header, 'x-pid': header },
  { requiredKeys: [] },
)

test('whatever MistServer sends, it gets an answer, and a notice is journalled or a dead letter', async () => {
  const { fire, events, deadLetters } = await openDoor()
  const call = fc.record({ name: fc.constantFrom(...triggerNames), body: fc.oneof(anyBytes, spoilt, numbers), headers })
  await fc.assert(
    fc.asyncProperty(call, async ({ name, body, headers: sent }) => {
      const before = (await events()).length
      const { status } = await fire(name, body, sent)
      if (triggers[name].blocking || status === 200) {
        expect(status).toBe(200)
        return
      }
      expect(status).toBe(400)
      expect((await deadLetters.list())[0]).toMatchObject({ kind: 'trigger', name })
      expect(await events()).toHaveLength(before)
    }),
    { numRuns: RUNS },
  )
  for (const event of await events()) expect(SentEvent.parse(event)).toEqual(event)
})
