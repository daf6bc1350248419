import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { UsageSums } from '../../../shared/contract/periscope-query.ts'
import { Usage } from '../../../shared/contract/periscope-query.ts'
import { StoredEvent } from '../../../shared/events/envelope.ts'
import { newId } from '../../../shared/ids.ts'
import { receive, send } from '../../../shared/testing/api.ts'
import { ingest } from '../../periscope-ingest/ingest/ingest.ts'
import { eventOf, marksOf } from '../../periscope-ingest/testing/events.ts'
import { openTestPeriscopeQuery, type TestPeriscopeQuery } from '../testing/periscope-query.ts'
import { RANGE, recordedSession } from '../testing/session.ts'
import { ENDS_LATE_MS, HOST_WAITED_FOR_MS } from './complete.ts'

const START = Date.parse(RANGE.from)
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString()
const SECONDS = 3600
const STEP = 300

let periscope: TestPeriscopeQuery

beforeAll(async () => {
  periscope = await openTestPeriscopeQuery()
})

afterAll(() => periscope[Symbol.asyncDispose]())

async function usageOf(tenant_id: string, query = `step_seconds=${STEP}`): Promise<Usage> {
  const token = await periscope.identities.user(tenant_id)
  return receive(Usage, send(periscope, `GET /usage?from=${RANGE.from}&to=${RANGE.to}&${query}`, { token }))
}

/** The sums of some events, slowly: each looked at by itself, those that another one replaces left out. */
function sumSlowly(events: readonly StoredEvent[], from: string, to: string): UsageSums {
  const all = [...new Map(events.map((event) => [event.event_id, event])).values()]
  const replaced = new Set(all.flatMap(({ data }) => ('replaces' in data ? [data.replaces?.event_id] : [])))
  const sums = {
    ...{ sessions: 0, viewer_seconds: 0, egress_bytes: 0, ingress_bytes: 0 },
    runs: { count: 0, ingress_bytes: 0, egress_bytes: 0, viewer_seconds: 0, viewers: 0, inputs: 0, outputs: 0 },
    ...{ recordings: 0, recorded_seconds: 0, recorded_bytes: 0 },
  }
  let recordedMs = 0
  for (const { event_id, event_type, occurred_at, tenant_id, data } of all) {
    if (tenant_id === null || replaced.has(event_id) || occurred_at < from || occurred_at >= to) continue
    if (event_type === 'user-connection' && data.action === 'disconnect') {
      sums.sessions += 1
      sums.viewer_seconds += data.seconds
      sums.egress_bytes += data.egress_bytes
      sums.ingress_bytes += data.ingress_bytes
    }
    if (event_type === 'stream-end') {
      sums.runs.count += 1
      for (const name of ['ingress_bytes', 'egress_bytes', 'viewer_seconds', 'viewers', 'inputs', 'outputs'] as const) {
        sums.runs[name] += data[name]
      }
    }
    if (event_type === 'recording-lifecycle' && data.action === 'end') {
      sums.recordings += 1
      recordedMs += data.media_ms
      sums.recorded_bytes += data.bytes ?? 0
    }
  }
  return { ...sums, recorded_seconds: recordedMs / 1000 }
}

function expectSums({ windows, from, to, ...sums }: Usage, events: readonly StoredEvent[]): void {
  expect(sums).toMatchObject(sumSlowly(events, from, to))
  expect(windows).toHaveLength(SECONDS / STEP)
  for (const window of windows) expect(window).toEqual({ ...window, ...sumSlowly(events, window.from, window.to) })
}

describe('windows of five minutes', () => {
  test('of a recorded session are what a slow count of its events gives', async () => {
    const { tenant_id, events } = recordedSession()
    await periscope.store(events)
    expectSums(await usageOf(tenant_id), events)
  })

  test('are the same however late, often and disordered the facts come, made-up ends among them', async () => {
    const ended = fc.record({
      kind: fc.constantFrom('session', 'run'),
      second: fc.integer({ min: -30, max: SECONDS + 30 }),
      bytes: fc.integer({ min: 0, max: 2 ** 40 }),
      /** How much later the real end came that replaces a made-up one. */
      early: fc.option(fc.integer({ min: 0, max: 900 }), { nil: undefined }),
    })
    const delivery = fc.record({
      ends: fc.array(ended, { minLength: 1, maxLength: 25 }),
      turns: fc.infiniteStream(fc.nat()),
    })
    await fc.assert(
      fc.asyncProperty(delivery, async ({ ends, turns }) => {
        const tenant_id = newId('tenant')
        const events = ends.flatMap((end) => toEnds(tenant_id, end))
        const twice = [...events, ...events.filter((_, index) => index % 3 === 0)]
        const shuffled = twice
          .map((event) => ({ event, turn: Number(turns.next().value) }))
          .sort((a, b) => a.turn - b.turn)
          .map(({ event }) => event)
        for (let from = 0; from < shuffled.length; from += 7) await periscope.store(shuffled.slice(from, from + 7))
        expectSums(await usageOf(tenant_id), events)
      }),
      { numRuns: 8 },
    )
  })

  test('begin at the start of the range, and the last ends with it', async () => {
    const { windows } = await usageOf(newId('tenant'), 'step_seconds=1000')
    expect(windows.map(({ from, to }) => [from, to])).toEqual([
      [at(0), at(1000)],
      [at(1000), at(2000)],
      [at(2000), at(3000)],
      [at(3000), at(3600)],
    ])
  })
})

interface GeneratedEnd {
  kind: 'session' | 'run'
  second: number
  bytes: number
  early: number | undefined
}

function toEnds(tenant_id: string, { kind, second, bytes, early }: GeneratedEnd): StoredEvent[] {
  const end = (occurred_at: string, egress_bytes: number, more: object): StoredEvent =>
    kind === 'run'
      ? eventOf('stream-end', { tenant_id, occurred_at, data: { ...runData, egress_bytes, ...more } })
      : StoredEvent.parse({
          ...{ ...eventOf('stream-end', { tenant_id, occurred_at }), event_type: 'user-connection' },
          data: { ...sessionData, egress_bytes, ...more },
        })
  if (early === undefined) return [end(at(second), bytes, {})]
  const madeUp = end(at(second), Math.floor(bytes / 2), { provenance: 'reconciled' })
  const { event_id, occurred_at } = madeUp
  return [madeUp, end(at(second + early), bytes, { replaces: { event_id, occurred_at } })]
}

const runData = {
  ...{ ingress_bytes: 7, viewers: 3, inputs: 1, outputs: 0, viewer_seconds: 40, provenance: 'reported' },
}
const sessionData = {
  ...{ action: 'disconnect', session_id: 'a', host: '192.0.2.0', connector: 'HLS', seconds: 9, ingress_bytes: 1 },
  ...{ hosts: [], connectors: [], streams: [], tags: [], provenance: 'reported' },
}

test('a host replaces only what it told itself', async () => {
  const tenant_id = newId('tenant')
  const mine = eventOf('stream-end', { tenant_id })
  const replaces = { event_id: mine.event_id, occurred_at: mine.occurred_at }
  const data = { ...runData, egress_bytes: 1, replaces }
  await periscope.store([
    mine,
    eventOf('stream-end', { tenant_id, node_id: 'nod_other', data }),
    eventOf('stream-end', { tenant_id: newId('tenant'), data }),
  ])
  expect((await usageOf(tenant_id)).runs.count).toBe(2)
})

describe('usage is complete', () => {
  const hearing = (tenant_id: string, node_id: string, second: number) => [
    eventOf('stream-lifecycle', { tenant_id, node_id, occurred_at: at(10) }),
    eventOf('node-monitoring', { tenant_id: newId('tenant'), node_id, occurred_at: at(second) }),
  ]
  const late = ENDS_LATE_MS / 1000

  test('up to when the host was heard that was heard least', async () => {
    const tenant_id = newId('tenant')
    periscope.at(at(SECONDS))
    await periscope.store([...hearing(tenant_id, 'nod_1', 3000), ...hearing(tenant_id, 'nod_2', 2000)])
    expect((await usageOf(tenant_id)).complete_until).toBe(at(2000 - late))
    await periscope.store([...hearing(tenant_id, 'nod_2', 1000), ...hearing(tenant_id, 'nod_2', 2500)])
    expect((await usageOf(tenant_id)).complete_until).toBe(at(2500 - late))
  })

  test('only as far as the partition of the log that lags most', async () => {
    const tenant_id = newId('tenant')
    periscope.at(at(SECONDS))
    const heard = async (second: number, partitions: number[]) => {
      const marks = marksOf(hearing(tenant_id, 'nod_lagging', second), 3)
      const { failures } = await ingest(
        periscope.stores,
        marks.filter(({ partition }) => partitions.includes(partition ?? -1)),
      )
      expect(failures).toEqual([])
    }
    const sample = eventOf('stream-lifecycle', { tenant_id, node_id: 'nod_lagging', occurred_at: at(10) })
    await periscope.store([sample])
    const until = async () => (await usageOf(tenant_id)).complete_until
    // A new host of which a partition has told nothing yet may have ended anything.
    await heard(1000, [0, 2])
    expect(await until()).toBe('1970-01-01T00:00:00.000Z')
    await heard(1000, [1])
    expect(await until()).toBe(at(1000 - late))
    await heard(2000, [0, 1])
    expect(await until()).toBe(at(1000 - late))
    await heard(2000, [2])
    expect(await until()).toBe(at(2000 - late))
    // One that lags for more than a day is waited for as long as its host is heard elsewhere.
    const day = HOST_WAITED_FOR_MS / 1000
    periscope.at(at(2100 + day))
    await heard(2100 + day, [0, 1])
    expect(await until()).toBe(at(2000 - late))
  })

  test('without a host that has been silent for a day, and of other tenants', async () => {
    const tenant_id = newId('tenant')
    await periscope.store([...hearing(tenant_id, 'nod_silent', 100), ...hearing(newId('tenant'), 'nod_3', 50)])
    const day = HOST_WAITED_FOR_MS / 1000
    periscope.at(at(99 + day))
    expect((await usageOf(tenant_id)).complete_until).toBe(at(100 - late))
    periscope.at(at(100 + day))
    expect((await usageOf(tenant_id)).complete_until).toBe(at(100 + day - late))
  })
})
