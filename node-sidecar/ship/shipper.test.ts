import { join } from 'node:path'
import { Code, ConnectError } from '@connectrpc/connect'
import { Registry } from 'prom-client'
import { describe, expect, onTestFinished, test } from 'vitest'
import { BATCH_EVENTS_MAX } from '../../shared/events/limits.ts'
import { eventId } from '../../shared/ids.ts'
import { DeadLetters } from '../journal/dead-letters.ts'
import { Journal } from '../journal/journal.ts'
import { recordEvents } from '../journal/record-events.ts'
import { createMetrics } from '../metrics.ts'
import { createEvent } from '../mist/events/event.ts'
import { refuseWith, startDecklog } from '../testing/decklog.ts'
import { freshFolder } from '../testing/folder.ts'
import { captureLog } from '../testing/log-lines.ts'
import { connectDecklog, PUBLISH_TIMEOUT_MS } from './decklog.ts'
import { POISON_ATTEMPTS, POISON_MS, RETRY_AFTER_MS_MAX, Shipper } from './shipper.ts'

const START = Date.parse('2026-11-24T01:00:00.000Z')
const clock = () => new Date(START)

function event(number: number, stream_name = 'live+a') {
  const counts = { ingress_bytes: number, egress_bytes: 0, viewers: 0, inputs: 0, outputs: 0, viewer_seconds: 0 }
  return createEvent('stream-end', {
    event_id: eventId('nod_1', number),
    occurred_at: clock(),
    stream_name,
    data: { ...counts, provenance: 'reported' },
  })
}

async function record(journal: Journal, count: number, from = 0): Promise<string[]> {
  const events = Array.from({ length: count }, (_, i) => event(from + i))
  await recordEvents(journal, events)
  return events.map(({ event_id }) => event_id)
}

/** A shipper over a real journal and a real port; it hardly waits between attempts. */
async function openShipper(folder?: string) {
  const path = folder ?? (await freshFolder())
  const { log, lines } = captureLog()
  const decklog = await startDecklog()
  const journal = await Journal.open({ folder: join(path, 'journal'), log })
  const deadLetters = new DeadLetters(join(path, 'dead-letters.jsonl'))
  const waits: number[] = []
  const asked: number[] = []
  /** Each wait takes as long as it takes a batch to be suspected in just as many attempts as it must have had. */
  const uptime = () => waits.length * (POISON_MS / (POISON_ATTEMPTS - 1))
  const shipper = new Shipper({
    journal,
    deadLetters,
    publish: connectDecklog({ url: decklog.url, token: async () => 'node.token.here', timeoutMs: PUBLISH_TIMEOUT_MS }),
    metrics: createMetrics(new Registry()),
    clock,
    uptime,
    log,
    waitMs: (failures, askedMs) => {
      waits.push(failures)
      asked.push(askedMs)
      return 1
    },
  })
  const close = async () => {
    await shipper[Symbol.asyncDispose]()
    await journal[Symbol.asyncDispose]()
  }
  onTestFinished(close)
  return { journal, deadLetters, decklog, shipper, lines, waits, asked, close }
}

test('what is journalled arrives in order, in batches, with the node’s token', async () => {
  const { journal, decklog, shipper } = await openShipper()
  const ids = await record(journal, BATCH_EVENTS_MAX + 10)
  shipper.start()
  await shipper.drained()
  expect(decklog.taken.map(({ eventId: id }) => id)).toEqual(ids)
  expect(decklog.batches.map((batch) => batch.length)).toEqual([BATCH_EVENTS_MAX, 10])
  expect([...decklog.authorizations]).toEqual(['Bearer node.token.here'])
  const [first] = decklog.taken
  expect(first).toMatchObject({ eventType: 'stream-end', streamName: 'live+a', source: 'helmsman', schemaVersion: 1 })
  expect(JSON.parse(new TextDecoder().decode(first?.data))).toEqual(event(0).data)
})

test('what arrives later is shipped too', async () => {
  const { journal, decklog, shipper } = await openShipper()
  shipper.start()
  await record(journal, 1)
  await shipper.drained()
  await record(journal, 1, 1)
  await shipper.drained()
  expect(decklog.taken).toHaveLength(2)
})

test('while Decklog fails nothing is acknowledged, and then everything arrives', async () => {
  const { journal, decklog, shipper, waits, lines } = await openShipper()
  let left = 3
  const refusals = [Code.Unavailable, Code.Unauthenticated, Code.Internal]
  decklog.judge = () => {
    expect(journal.acknowledged).toBe(0)
    const code = refusals[--left]
    if (code !== undefined) refuseWith(code)()
  }
  await record(journal, 5)
  shipper.start()
  await shipper.drained()
  expect(decklog.taken).toHaveLength(5)
  expect(waits).toEqual([1, 2, 3])
  expect(shipper.failure).toBeNull()
  expect(lines.join('')).toContain('Decklog takes events again')
})

test('a rejected event is kept as a dead letter, the others pass', async () => {
  const { journal, decklog, shipper, deadLetters } = await openShipper()
  const [, second = ''] = await record(journal, 3)
  decklog.reject = ({ eventId: id }) => (id === second ? 'invalid_event: not right' : undefined)
  shipper.start()
  await shipper.drained()
  expect(decklog.taken).toHaveLength(2)
  expect(await deadLetters.list()).toEqual([
    {
      at: '2026-11-24T01:00:00.000Z',
      kind: 'event',
      name: 'stream-end',
      reason: 'invalid_event: not right',
      content: JSON.stringify(event(1)),
    },
  ])
})

test('a batch that is refused as a whole loses only the event that is wrong', async () => {
  const { journal, decklog, shipper, deadLetters } = await openShipper()
  const ids = await record(journal, 16)
  const wrong = ids[11]
  decklog.judge = (events) => {
    if (events.some(({ eventId: id }) => id === wrong)) refuseWith(Code.InvalidArgument)()
  }
  shipper.start()
  await shipper.drained()
  expect(decklog.taken.map(({ eventId: id }) => id)).toEqual(ids.filter((id) => id !== wrong))
  expect(await deadLetters.list()).toMatchObject([{ reason: 'refused by the test' }])
})

test('after a restart it goes on where it was, and sends again what was not acknowledged', async () => {
  const folder = await freshFolder()
  const before = await openShipper(folder)
  await record(before.journal, 3)
  before.shipper.start()
  await before.shipper.drained()
  before.decklog.judge = refuseWith(Code.Unavailable)
  const late = await record(before.journal, 2, 3)
  await before.close()
  const after = await openShipper(folder)
  after.shipper.start()
  await after.shipper.drained()
  expect(after.decklog.taken.map(({ eventId: id }) => id)).toEqual(late)
})

test('stopping does not wait for a Decklog that fails', async () => {
  const { journal, decklog, shipper } = await openShipper()
  decklog.judge = refuseWith(Code.Unavailable)
  await record(journal, 1)
  shipper.start()
  await shipper[Symbol.asyncDispose]()
  expect(journal.acknowledged).toBe(0)
})

test('an answer that is not for each event acknowledges nothing', async () => {
  const { journal, decklog, shipper, waits } = await openShipper()
  decklog.forgetful = true
  decklog.judge = () => {
    expect(journal.acknowledged).toBe(0)
    decklog.forgetful = waits.length === 0
  }
  await record(journal, 2)
  shipper.start()
  await shipper.drained()
  expect(decklog.batches).toHaveLength(2)
})

test('a record that is no event is kept as a dead letter and stops nothing', async () => {
  const { journal, decklog, shipper, deadLetters } = await openShipper()
  await journal.append(Buffer.from('{'))
  await record(journal, 1)
  shipper.start()
  await shipper.drained()
  expect(decklog.taken).toHaveLength(1)
  expect(await deadLetters.list()).toMatchObject([{ reason: 'unreadable_record', content: '{' }])
})

describe('an event that makes Decklog fail', () => {
  /** Decklog fails for batches that hold one of these. */
  const failFor =
    (...guilty: (string | undefined)[]) =>
    (events: readonly { eventId: string }[]) => {
      if (events.some(({ eventId: id }) => guilty.includes(id))) refuseWith(Code.Internal)()
    }

  test.each([0, 7, 15])('is set aside after a while, and all others arrive in order (number %i)', async (number) => {
    const { journal, decklog, shipper, deadLetters, waits } = await openShipper()
    const ids = await record(journal, 16)
    await recordEvents(journal, [event(16, 'live+other')])
    decklog.judge = failFor(ids[number])
    shipper.start()
    await shipper.drained()
    const wanted = [...ids.filter((_, i) => i !== number), event(16).event_id]
    const ofStream = decklog.taken.filter(({ streamName }) => streamName === 'live+a').map(({ eventId: id }) => id)
    expect(ofStream).toEqual(wanted.slice(0, -1))
    expect(new Set(decklog.taken.map(({ eventId: id }) => id))).toEqual(new Set(wanted))
    expect(waits).toEqual(Array.from({ length: POISON_ATTEMPTS - 1 }, (_, i) => i + 1))
    expect(await deadLetters.list()).toMatchObject([
      { reason: 'poison: Internal: refused by the test', content: JSON.stringify(event(number)) },
    ])
  })

  test('is found beside another one', async () => {
    const { journal, decklog, shipper, deadLetters } = await openShipper()
    const ids = await record(journal, 8)
    await recordEvents(journal, [event(8, 'live+other')])
    decklog.judge = failFor(ids[2], ids[3])
    shipper.start()
    await shipper.drained()
    expect((await deadLetters.list()).map(({ content }) => JSON.parse(content ?? '').event_id)).toEqual([
      ids[3],
      ids[2],
    ])
  })

  test('is not blamed while Decklog takes no other either', async () => {
    const { journal, decklog, shipper, deadLetters, waits } = await openShipper()
    await record(journal, 4)
    await recordEvents(journal, [event(4, 'live+other')])
    decklog.judge = () => {
      if (waits.length < 4 * POISON_ATTEMPTS) refuseWith(Code.Internal)()
    }
    shipper.start()
    await shipper.drained()
    expect(await deadLetters.list()).toEqual([])
    expect(new Set(decklog.taken.map(({ eventId: id }) => id)).size).toBe(5)
  })

  test('waits for events of other streams when it is alone', async () => {
    const { journal, decklog, shipper, deadLetters, waits } = await openShipper()
    const [only] = await record(journal, 1)
    decklog.judge = failFor(only)
    shipper.start()
    await expect.poll(() => waits.length).toBeGreaterThan(3 * POISON_ATTEMPTS)
    expect(await deadLetters.list()).toEqual([])
    await recordEvents(journal, [event(1, 'live+other')])
    await shipper.drained()
    expect(await deadLetters.list()).toHaveLength(1)
  })
})

test.each([
  ['7', 7_000],
  ['0.5', 500],
  ['86400', RETRY_AFTER_MS_MAX],
  ['tomorrow', 0],
])('a Decklog that is busy is left alone for as long as it asks: %s', async (seconds, wanted) => {
  const { journal, decklog, shipper, asked } = await openShipper()
  decklog.judge = () => {
    if (asked.length > 0) return
    throw new ConnectError('too_many_in_flight', Code.ResourceExhausted, { 'retry-after': seconds })
  }
  await record(journal, 1)
  shipper.start()
  await shipper.drained()
  expect(asked).toEqual([wanted])
})
