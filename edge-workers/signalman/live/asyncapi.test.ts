import schema from '@asyncapi/specs/schemas/3.0.0.json' with { type: 'json' }
import { Ajv } from 'ajv'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { ServerFrame } from '../../../shared/contract/signalman.ts'
import { newId } from '../../../shared/ids.ts'
import { type Signalman, startSignalman } from '../../../stacks/local/edge/testing/signalman.ts'
import { listenAt } from '../testing/client.ts'

const Message = z.looseObject({ examples: z.array(z.object({ payload: z.looseObject({ type: z.string() }) })) })
const Document = z.looseObject({
  channels: z.object({ events: z.looseObject({ messages: z.record(z.string(), Message) }) }),
  operations: z.record(z.string(), z.looseObject({ messages: z.array(z.object({ $ref: z.string() })) })),
})

let signalman: Signalman
let document: z.infer<typeof Document>
beforeAll(async () => {
  signalman = await startSignalman()
  document = Document.parse(await (await fetch(`${signalman.edge.url}/asyncapi.json`)).json())
})
afterAll(() => signalman[Symbol.asyncDispose]())

function examplesOf(operation: string) {
  const { messages } = document.channels.events
  const names = document.operations[operation]?.messages.map(({ $ref }) => $ref.split('/').at(-1) ?? '') ?? []
  return names.flatMap((name) => messages[name]?.examples.map(({ payload }) => payload) ?? [])
}

test('the document is AsyncAPI 3', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false, meta: false })
  const isValid = ajv.compile(schema)
  isValid(document)
  expect(isValid.errors ?? []).toEqual([])
})

test('every message has an example, and the hub answers each of a client’s as it says', async () => {
  const { messages } = document.channels.events
  for (const [name, { examples }] of Object.entries(messages)) expect(examples.length, name).toBeGreaterThan(0)
  const says = examplesOf('say')
  const tenant = newId('tenant')
  const open = async () => listenAt(signalman.edge.url, { ticket: await signalman.ticket(tenant) })
  const [first, second] = [await open(), await open()]
  for (const frame of says) (frame.type === 'resume' ? second : first).say(JSON.stringify(frame))
  const types = (listener: typeof first) => listener.frames.map(({ type }) => type)
  await expect.poll(() => types(first)).toEqual(['hello', 'snapshot', 'snapshot', 'unsubscribed'])
  // Its place is in no sequence of this hub's.
  await expect.poll(() => types(second)).toEqual(['hello', 'snapshot'])
})

test('what the hub says by the examples is what it may say', () => {
  const frames = examplesOf('hear')
  expect(frames.map((frame) => ServerFrame.parse(frame))).toEqual(frames)
})
