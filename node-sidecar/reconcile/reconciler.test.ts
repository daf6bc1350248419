import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ClientSample } from '../../shared/events/client-lifecycle.ts'
import { SentEvent } from '../../shared/events/envelope.ts'
import { Journal } from '../journal/journal.ts'
import { recordEvents } from '../journal/record-events.ts'
import { toEvents } from '../mist/events/to-events.ts'
import { readFiring } from '../mist/firing.ts'
import { parseTrigger } from '../mist/triggers/trigger.ts'
import { freshFolder } from '../testing/folder.ts'
import { captureLog } from '../testing/log-lines.ts'
import { GRACE_MS } from './ledger.ts'
import { toLostSession } from './lost-events.ts'
import { MADE_UP_KEPT_MS } from './made-up-ends.ts'
import { Reconciler } from './reconciler.ts'
import { type Snapshot, saveSnapshot } from './snapshot.ts'

const BOOT = '1'
const TEN_MINUTES_MS = 10 * 60_000
const START = Date.parse('2026-11-24T01:00:00.000Z')
const timeAt = (ms: number) => new Date(START + ms)
let uptime = 0
/** Time goes on to it. */
const moment = (ms: number) => {
  uptime = ms
  return { at: timeAt(ms), up_ms: ms }
}
const id = (letter: string) => letter.repeat(64)

function sample(session_id: string, change: Partial<ClientSample> = {}): ClientSample {
  return {
    session_id,
    role: 'viewer',
    connector: 'HLS',
    connected_seconds: 19,
    position_seconds: 0,
    egress_bytes: 2536394,
    ingress_bytes: 1050,
    egress_bytes_delta: null,
    ingress_bytes_delta: null,
    egress_bytes_per_second: 0,
    ingress_bytes_per_second: 0,
    packets_sent: 0,
    packets_lost: 0,
    packets_retransmitted: 0,
    ...change,
  }
}

const watching = (...sessions: ClientSample[]) => new Map([['live+regatta', sessions]])
const nobody = new Map<string, ClientSample[]>()

function endOf(session_id: string, at: Date): SentEvent[] {
  const payload = `tok\nlive+regatta\nHLS\n192.0.2.7\n20\n99\n9\n\n20\n20\n20\n${session_id}`
  const headers = new Map([['x-trigger-unixmillis', String(at.getTime())]])
  const firing = readFiring('USER_END', (name) => headers.get(name), payload, { node_id: 'nod_1', now: at })
  return toEvents(parseTrigger('USER_END', payload), firing)
}

async function openAt(folder: string, closeWith: AsyncDisposableStack, boot = BOOT) {
  const { log } = captureLog()
  const journal = closeWith.use(await Journal.open({ folder: join(folder, 'journal'), log, segmentBytesMax: 512 }))
  const path = join(folder, 'open.json')
  const reconciler = await Reconciler.open({ node_id: 'nod_1', path, journal, boot, uptime: () => uptime, log })
  const ends = async () => {
    const events: SentEvent[] = []
    for (let position = 0; position < journal.end; ) {
      const { records, end } = await journal.read(position, 100)
      events.push(...records.map((record) => SentEvent.parse(JSON.parse(String(record)))))
      position = end
    }
    return events
  }
  return { journal, reconciler, ends }
}

test('a session whose end nobody heard ends by its last figures, once, and says so', async () => {
  await using stack = new AsyncDisposableStack()
  const { reconciler, ends } = await openAt(await freshFolder(), stack)
  await reconciler.seeSessions(watching(sample(id('a'))), moment(0))
  await reconciler.seeSessions(nobody, moment(60_000))
  expect(await ends()).toEqual([])
  for (const ms of [60_000 + GRACE_MS, 120_000 + GRACE_MS]) await reconciler.seeSessions(nobody, moment(ms))
  expect(await ends()).toMatchObject([
    {
      event_type: 'user-connection',
      stream_name: 'live+regatta',
      occurred_at: timeAt(60_000).toISOString(),
      data: {
        action: 'disconnect',
        session_id: id('a'),
        seconds: 19,
        egress_bytes: 2536394,
        ingress_bytes: 1050,
        provenance: 'reconciled',
      },
    },
  ])
})

test('a session whose end was heard is left alone', async () => {
  await using stack = new AsyncDisposableStack()
  const { reconciler, journal, ends } = await openAt(await freshFolder(), stack)
  await reconciler.seeSessions(watching(sample(id('a'))), moment(0))
  const heard = endOf(id('a'), timeAt(30_000))
  await recordEvents(journal, heard)
  reconciler.noteEnds(heard)
  await reconciler.seeSessions(nobody, moment(60_000))
  await reconciler.seeSessions(nobody, moment(60_000 + GRACE_MS))
  expect(await ends()).toEqual(heard)
})

test('publishers, pushes and other media hosts are no viewers whose end is missed', async () => {
  await using stack = new AsyncDisposableStack()
  const { reconciler, ends } = await openAt(await freshFolder(), stack)
  const others = [
    sample(`I${id('a')}`, { role: 'input', connector: 'RTMP' }),
    sample(`O${id('b')}`, { role: 'output', connector: 'RTMP' }),
    sample(id('c'), { connector: 'DTSC' }),
  ]
  await reconciler.seeSessions(watching(...others), moment(0))
  await reconciler.seeSessions(nobody, moment(60_000))
  await reconciler.seeSessions(nobody, moment(60_000 + GRACE_MS))
  expect(await ends()).toEqual([])
})

test('a stream whose end nobody heard ends by its last totals', async () => {
  await using stack = new AsyncDisposableStack()
  const { reconciler, ends } = await openAt(await freshFolder(), stack)
  const totals = { ingress_bytes: 7, egress_bytes: 8, viewers: 3, inputs: 1, outputs: 0, viewer_seconds: 40 }
  await reconciler.seeStreams(new Map([['live+regatta', totals]]), moment(0))
  await reconciler.seeStreams(new Map(), moment(10_000))
  await reconciler.seeStreams(new Map(), moment(10_000 + GRACE_MS))
  expect(await ends()).toMatchObject([
    { event_type: 'stream-end', stream_name: 'live+regatta', data: { ...totals, provenance: 'reconciled' } },
  ])
})

test('a MistServer that starts anew has ended what it counts from 0 again', async () => {
  await using stack = new AsyncDisposableStack()
  const { reconciler, ends } = await openAt(await freshFolder(), stack)
  const totals = { ingress_bytes: 7000, egress_bytes: 8000, viewers: 3, inputs: 1, outputs: 0, viewer_seconds: 40 }
  const sole = (ingress_bytes: number) => new Map([['live+regatta', { ...totals, ingress_bytes }]])
  await reconciler.seeStreams(sole(7000), moment(0))
  await reconciler.seeStreams(new Map(), moment(10_000))
  for (const ms of [20_000, 30_000, 40_000]) await reconciler.seeStreams(sole(ms / 1000), moment(ms))
  expect(await ends()).toMatchObject([
    { occurred_at: timeAt(10_000).toISOString(), data: { ...totals, provenance: 'reconciled' } },
  ])
})

test('after a restart, what ended while nobody listened is made up, and what was heard is not', async () => {
  const folder = await freshFolder()
  {
    await using stack = new AsyncDisposableStack()
    const { reconciler, journal } = await openAt(folder, stack)
    await reconciler.seeSessions(watching(sample(id('a')), sample(id('b')), sample(id('c'))), moment(0))
    // Heard, journalled and already taken by Decklog; the process dies before the next poll.
    await recordEvents(journal, endOf(id('a'), timeAt(10_000)))
    for (let i = 0; i < 9; i++) await recordEvents(journal, endOf(id('f'), timeAt(10_000 + i)))
    await journal.acknowledge(journal.end)
  }
  await using stack = new AsyncDisposableStack()
  const { reconciler, ends, journal } = await openAt(folder, stack)
  const restarted = journal.end
  await reconciler.seeSessions(watching(sample(id('c'))), moment(300_000))
  await reconciler.seeSessions(watching(sample(id('c'))), moment(300_000 + GRACE_MS))
  const made = (await ends()).filter(({ data }) => 'provenance' in data && data.provenance === 'reconciled')
  expect(made).toMatchObject([{ data: { session_id: id('b') } }])
  expect(journal.end).toBeGreaterThan(restarted)
})

test('a crash between a made-up end and its note makes no second one', async () => {
  const folder = await freshFolder()
  const lose = async () => {
    await using stack = new AsyncDisposableStack()
    const { reconciler, ends } = await openAt(folder, stack)
    await reconciler.seeSessions(nobody, moment(60_000))
    await reconciler.seeSessions(nobody, moment(60_000 + GRACE_MS))
    return ends()
  }
  const path = join(folder, 'open.json')
  const last = { stream_name: 'live+a', sample: sample(id('a')) }
  const snapshot: Snapshot = {
    boot: BOOT,
    up_ms: 0,
    position: 0,
    sessions: [[id('a'), { since: START, missed: null, last }]],
    streams: [],
    made_up: { sessions: [], streams: [] },
  }
  await saveSnapshot(path, snapshot)
  expect(await lose()).toHaveLength(1)
  await saveSnapshot(path, snapshot)
  expect(await lose()).toHaveLength(1)
})

test('a snapshot that is taken while ends are on their way to the disk knows where to read them again', async () => {
  const folder = await freshFolder()
  const totals = { ingress_bytes: 7, egress_bytes: 8, viewers: 3, inputs: 1, outputs: 0, viewer_seconds: 40 }
  {
    await using stack = new AsyncDisposableStack()
    const { reconciler, journal } = await openAt(folder, stack)
    await reconciler.seeStreams(new Map(['live+a', 'live+b'].map((name) => [name, totals])), moment(0))
    await reconciler.seeStreams(new Map(), moment(10_000))
    const making = reconciler.seeStreams(new Map(), moment(10_000 + GRACE_MS))
    // The first is durable, the second is being written.
    await journal.wait(0, AbortSignal.timeout(TEN_MINUTES_MS))
    await reconciler.seeSessions(nobody, moment(10_000 + GRACE_MS))
    await making
  }
  await using stack = new AsyncDisposableStack()
  const { reconciler, ends } = await openAt(folder, stack)
  for (const ms of [80_000, 80_000 + GRACE_MS]) await reconciler.seeStreams(new Map(), moment(ms))
  expect((await ends()).map(({ stream_name }) => stream_name)).toEqual(['live+a', 'live+b'])
})

const early = (bytes: number, seconds: number) => sample(id('a'), { egress_bytes: bytes, connected_seconds: seconds })

/** Seen for 100 s, then missed for long enough. */
async function loseEarly(reconciler: Reconciler) {
  await reconciler.seeSessions(watching(early(1000, 100)), moment(100_000))
  await reconciler.seeSessions(nobody, moment(110_000))
  await reconciler.seeSessions(nobody, moment(110_000 + GRACE_MS))
}

function realEnd(bytes: number, seconds: number, ms: number): SentEvent[] {
  return endOf(id('a'), moment(ms).at).map((event) => {
    return { ...event, data: { ...event.data, seconds, egress_bytes: bytes } } as SentEvent
  })
}

const replaced = (event: SentEvent | undefined) => (event && 'replaces' in event.data ? event.data.replaces : undefined)

test('a made-up end is replaced by the real one, which says so each time it is told', async () => {
  await using stack = new AsyncDisposableStack()
  const { reconciler, ends } = await openAt(await freshFolder(), stack)
  await loseEarly(reconciler)
  const [madeUp] = await ends()
  const wanted = { event_id: madeUp?.event_id, occurred_at: timeAt(110_000).toISOString() }
  const real = realEnd(4000, 200, 220_000)
  for (let told = 0; told < 2; told += 1) {
    const complete = reconciler.completeEnds(real)
    expect(complete.map(replaced)).toEqual([wanted])
    expect(SentEvent.parse(complete[0])).toEqual(complete[0])
    reconciler.noteEnds(complete)
  }
})

test('a made-up end is replaced by a later made-up one when the session shows again and is lost again', async () => {
  await using stack = new AsyncDisposableStack()
  const { reconciler, ends } = await openAt(await freshFolder(), stack)
  await loseEarly(reconciler)
  await reconciler.seeSessions(watching(early(3000, 300)), moment(300_000))
  await reconciler.seeSessions(nobody, moment(310_000))
  await reconciler.seeSessions(nobody, moment(310_000 + GRACE_MS))
  const [first, second] = await ends()
  expect(replaced(second)).toMatchObject({ event_id: first?.event_id })
  expect(replaced(first)).toBeUndefined()
})

test('a made-up end stands when the viewer returned: the real end is of another session', async () => {
  await using stack = new AsyncDisposableStack()
  const { reconciler } = await openAt(await freshFolder(), stack)
  await loseEarly(reconciler)
  expect(reconciler.completeEnds(realEnd(4000, 200, 600_000)).map(replaced)).toEqual([undefined])
  expect(reconciler.completeEnds(realEnd(999, 200, 220_000)).map(replaced)).toEqual([undefined])
})

test('a made-up end stands when the session had begun anew, however much that one grows', async () => {
  await using stack = new AsyncDisposableStack()
  const { reconciler, ends } = await openAt(await freshFolder(), stack)
  await reconciler.seeSessions(watching(early(1000, 100)), moment(100_000))
  await reconciler.seeSessions(watching(early(10, 1)), moment(130_000))
  expect(await ends()).toHaveLength(1)
  await reconciler.seeSessions(watching(early(5000, 11)), moment(140_000))
  expect(reconciler.completeEnds(realEnd(9000, 60, 210_000)).map(replaced)).toEqual([undefined])
})

test('a made-up end is remembered through a restart, also when the crash came before the snapshot', async () => {
  const folder = await freshFolder()
  {
    await using stack = new AsyncDisposableStack()
    const { reconciler, journal } = await openAt(folder, stack)
    await reconciler.seeSessions(watching(early(1000, 100)), moment(100_000))
    await recordEvents(journal, [madeUpEnd])
  }
  await using stack = new AsyncDisposableStack()
  const { reconciler } = await openAt(folder, stack)
  const wanted = [{ event_id: madeUpEnd.event_id, occurred_at: madeUpEnd.occurred_at }]
  expect(reconciler.completeEnds(realEnd(4000, 200, 220_000)).map(replaced)).toEqual(wanted)
  await reconciler.seeSessions(nobody, moment(230_000))
  await using again = new AsyncDisposableStack()
  await stack.disposeAsync()
  const { reconciler: third } = await openAt(folder, again)
  expect(third.completeEnds(realEnd(4000, 200, 220_000)).map(replaced)).toEqual(wanted)
})

const madeUpEnd = toLostSession(
  {
    since: START,
    missed: { at_ms: START + 110_000, up_ms: 110_000 },
    last: { stream_name: 'live+regatta', sample: early(1000, 100) },
  },
  { node_id: 'nod_1', at: timeAt(170_000), up_ms: 170_000 },
)

test('a made-up end is forgotten when nothing is heard of it for long', async () => {
  await using stack = new AsyncDisposableStack()
  const { reconciler } = await openAt(await freshFolder(), stack)
  await loseEarly(reconciler)
  await reconciler.seeSessions(nobody, moment(110_001 + MADE_UP_KEPT_MS))
  expect(reconciler.completeEnds(realEnd(4000, 2000, 2_000_000)).map(replaced)).toEqual([undefined])
})

test('the made-up end of a stream is replaced by its real end', async () => {
  await using stack = new AsyncDisposableStack()
  const { reconciler, ends } = await openAt(await freshFolder(), stack)
  const totals = { ingress_bytes: 7, egress_bytes: 8, viewers: 3, inputs: 1, outputs: 0, viewer_seconds: 40 }
  await reconciler.seeStreams(new Map([['live+regatta', totals]]), moment(0))
  for (const ms of [10_000, 10_000 + GRACE_MS]) await reconciler.seeStreams(new Map(), moment(ms))
  await reconciler.seeStreams(new Map([['live+regatta', { ...totals, ingress_bytes: 9 }]]), moment(90_000))
  const [madeUp] = await ends()
  const real = {
    ...madeUp,
    event_id: crypto.randomUUID(),
    data: { ...totals, ingress_bytes: 20, provenance: 'reported' },
  }
  expect(reconciler.completeEnds([real as SentEvent]).map(replaced)).toEqual([
    { event_id: madeUp?.event_id, occurred_at: madeUp?.occurred_at },
  ])
})

test('a snapshot that cannot be read costs what it held, and no more', async () => {
  const folder = await freshFolder()
  await writeFile(join(folder, 'open.json'), '{"position":')
  await using stack = new AsyncDisposableStack()
  const { reconciler, ends } = await openAt(folder, stack)
  await reconciler.seeSessions(nobody, moment(0))
  expect(await ends()).toEqual([])
})

describe('a clock that is set', () => {
  const set = (ms: number, byMs: number) => ({ at: timeAt(ms + byMs), up_ms: moment(ms).up_ms })

  test.each([-TEN_MINUTES_MS, TEN_MINUTES_MS])('by %d ms neither hastens nor puts off an end', async (byMs) => {
    await using stack = new AsyncDisposableStack()
    const { reconciler, ends } = await openAt(await freshFolder(), stack)
    await reconciler.seeSessions(watching(sample(id('a'))), moment(0))
    await reconciler.seeSessions(nobody, moment(10_000))
    await reconciler.seeSessions(nobody, set(10_000 + GRACE_MS - 1, byMs))
    expect(await ends()).toEqual([])
    await reconciler.seeSessions(nobody, set(10_000 + GRACE_MS, byMs))
    expect(await ends()).toMatchObject([{ occurred_at: timeAt(10_000).toISOString() }])
  })

  test.each([-TEN_MINUTES_MS, TEN_MINUTES_MS])('by %d ms does not make an echo a session', async (byMs) => {
    await using stack = new AsyncDisposableStack()
    const { reconciler, ends } = await openAt(await freshFolder(), stack)
    await reconciler.seeSessions(watching(sample(id('a'))), moment(0))
    const heard = endOf(id('a'), moment(30_000).at)
    await reconciler.journal(heard)
    await reconciler.seeSessions(watching(sample(id('a'))), set(31_000, byMs))
    for (const ms of [70_000, 70_000 + GRACE_MS]) await reconciler.seeSessions(nobody, set(ms, byMs))
    expect(await ends()).toEqual(heard)
  })

  test.each([-TEN_MINUTES_MS, TEN_MINUTES_MS])('by %d ms does not hide what came back', async (byMs) => {
    await using stack = new AsyncDisposableStack()
    const { reconciler } = await openAt(await freshFolder(), stack)
    await loseEarly(reconciler)
    await reconciler.seeSessions(watching(early(2000, 150)), set(200_000, byMs))
    const [end] = reconciler.completeEnds(realEnd(4000, 200, 260_000))
    expect(replaced(end)).toBeDefined()
  })
})

test('after the machine has started anew nothing goes on: what was made up stands', async () => {
  const folder = await freshFolder()
  {
    await using stack = new AsyncDisposableStack()
    await loseEarly((await openAt(folder, stack)).reconciler)
  }
  moment(0)
  await using stack = new AsyncDisposableStack()
  const { reconciler } = await openAt(folder, stack, '2')
  expect(reconciler.completeEnds(realEnd(4000, 20, 30_000)).map(replaced)).toEqual([undefined])
})

test('what was missed before the machine started anew is missed for a while from then on', async () => {
  const folder = await freshFolder()
  {
    await using stack = new AsyncDisposableStack()
    const { reconciler } = await openAt(folder, stack)
    await reconciler.seeSessions(watching(sample(id('a'))), moment(100_000))
    await reconciler.seeSessions(nobody, moment(110_000))
  }
  moment(5_000)
  await using stack = new AsyncDisposableStack()
  const { reconciler, ends } = await openAt(folder, stack, '2')
  await reconciler.seeSessions(nobody, moment(5_000 + GRACE_MS - 1))
  expect(await ends()).toEqual([])
  await reconciler.seeSessions(nobody, moment(5_000 + GRACE_MS))
  expect(await ends()).toMatchObject([{ occurred_at: timeAt(110_000).toISOString() }])
})
