import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
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
import { Reconciler } from './reconciler.ts'

const START = Date.parse('2026-11-24T01:00:00.000Z')
const after = (ms: number) => new Date(START + ms)
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

async function openAt(folder: string, closeWith: AsyncDisposableStack) {
  const { log } = captureLog()
  const journal = closeWith.use(await Journal.open({ folder: join(folder, 'journal'), log, segmentBytesMax: 512 }))
  const reconciler = await Reconciler.open({ node_id: 'nod_1', path: join(folder, 'open.json'), journal, log })
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
  await reconciler.seeSessions(watching(sample(id('a'))), after(0))
  await reconciler.seeSessions(nobody, after(60_000))
  expect(await ends()).toEqual([])
  for (const ms of [60_000 + GRACE_MS, 120_000 + GRACE_MS]) await reconciler.seeSessions(nobody, after(ms))
  expect(await ends()).toMatchObject([
    {
      event_type: 'user-connection',
      stream_name: 'live+regatta',
      occurred_at: after(60_000).toISOString(),
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
  await reconciler.seeSessions(watching(sample(id('a'))), after(0))
  const heard = endOf(id('a'), after(30_000))
  await recordEvents(journal, heard)
  reconciler.noteEnds(heard)
  await reconciler.seeSessions(nobody, after(60_000))
  await reconciler.seeSessions(nobody, after(60_000 + GRACE_MS))
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
  await reconciler.seeSessions(watching(...others), after(0))
  await reconciler.seeSessions(nobody, after(60_000))
  await reconciler.seeSessions(nobody, after(60_000 + GRACE_MS))
  expect(await ends()).toEqual([])
})

test('a stream whose end nobody heard ends by its last totals', async () => {
  await using stack = new AsyncDisposableStack()
  const { reconciler, ends } = await openAt(await freshFolder(), stack)
  const totals = { ingress_bytes: 7, egress_bytes: 8, viewers: 3, inputs: 1, outputs: 0, viewer_seconds: 40 }
  await reconciler.seeStreams(new Map([['live+regatta', totals]]), after(0))
  await reconciler.seeStreams(new Map(), after(10_000))
  await reconciler.seeStreams(new Map(), after(10_000 + GRACE_MS))
  expect(await ends()).toMatchObject([
    { event_type: 'stream-end', stream_name: 'live+regatta', data: { ...totals, provenance: 'reconciled' } },
  ])
})

test('a MistServer that starts anew has ended what it counts from 0 again', async () => {
  await using stack = new AsyncDisposableStack()
  const { reconciler, ends } = await openAt(await freshFolder(), stack)
  const totals = { ingress_bytes: 7000, egress_bytes: 8000, viewers: 3, inputs: 1, outputs: 0, viewer_seconds: 40 }
  const sole = (ingress_bytes: number) => new Map([['live+regatta', { ...totals, ingress_bytes }]])
  await reconciler.seeStreams(sole(7000), after(0))
  await reconciler.seeStreams(new Map(), after(10_000))
  for (const ms of [20_000, 30_000, 40_000]) await reconciler.seeStreams(sole(ms / 1000), after(ms))
  expect(await ends()).toMatchObject([
    { occurred_at: after(10_000).toISOString(), data: { ...totals, provenance: 'reconciled' } },
  ])
})

test('after a restart, what ended while nobody listened is made up, and what was heard is not', async () => {
  const folder = await freshFolder()
  {
    await using stack = new AsyncDisposableStack()
    const { reconciler, journal } = await openAt(folder, stack)
    await reconciler.seeSessions(watching(sample(id('a')), sample(id('b')), sample(id('c'))), after(0))
    // Heard, journalled and already taken by Decklog; the process dies before the next poll.
    await recordEvents(journal, endOf(id('a'), after(10_000)))
    for (let i = 0; i < 9; i++) await recordEvents(journal, endOf(id('f'), after(10_000 + i)))
    await journal.acknowledge(journal.end)
  }
  await using stack = new AsyncDisposableStack()
  const { reconciler, ends, journal } = await openAt(folder, stack)
  const restarted = journal.end
  await reconciler.seeSessions(watching(sample(id('c'))), after(300_000))
  await reconciler.seeSessions(watching(sample(id('c'))), after(300_000 + GRACE_MS))
  const made = (await ends()).filter(({ data }) => 'provenance' in data && data.provenance === 'reconciled')
  expect(made).toMatchObject([{ data: { session_id: id('b') } }])
  expect(journal.end).toBeGreaterThan(restarted)
})

test('a crash between a made-up end and its note makes no second one', async () => {
  const folder = await freshFolder()
  const lose = async () => {
    await using stack = new AsyncDisposableStack()
    const { reconciler, ends } = await openAt(folder, stack)
    await reconciler.seeSessions(nobody, after(60_000))
    await reconciler.seeSessions(nobody, after(60_000 + GRACE_MS))
    return ends()
  }
  const path = join(folder, 'open.json')
  const open = [
    [id('a'), { since: START, missed_since: null, last: { stream_name: 'live+a', sample: sample(id('a')) } }],
  ]
  await writeFile(path, JSON.stringify({ position: 0, sessions: open, streams: [] }))
  expect(await lose()).toHaveLength(1)
  await writeFile(path, JSON.stringify({ position: 0, sessions: open, streams: [] }))
  expect(await lose()).toHaveLength(1)
})

test('a snapshot that cannot be read costs what it held, and no more', async () => {
  const folder = await freshFolder()
  await writeFile(join(folder, 'open.json'), '{"position":')
  await using stack = new AsyncDisposableStack()
  const { reconciler, ends } = await openAt(folder, stack)
  await reconciler.seeSessions(nobody, after(0))
  expect(await ends()).toEqual([])
})
