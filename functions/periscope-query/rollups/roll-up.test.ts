import { afterAll, beforeAll, expect, test } from 'vitest'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { mulberry32 } from '../../../shared/mulberry32.ts'
import { send } from '../../../shared/testing/api.ts'
import { forgetTenant } from '../../periscope-ingest/retention/forget-tenant.ts'
import { findDifferences } from '../testing/month/check.ts'
import { fillMonth } from '../testing/month/fill.ts'
import { endOf, type MonthShape, monthOf, streamsOf, tenantOf } from '../testing/month/month.ts'
import { questionsOf } from '../testing/month/questions.ts'
import { openTestPeriscopeQuery, type TestPeriscopeQuery } from '../testing/periscope-query.ts'
import { createRollUpJob, rollUp, SETTLE_MS } from './roll-up.ts'
import { LATE_DAYS_MAX } from './rolled.ts'

const SEED = 21
const shape: MonthShape = {
  from: '2026-11-01T00:00:00.000Z',
  days: 3,
  tenants: 2,
  streams: 2,
  broadcasts: 2,
  viewers: 3,
}
const NOW = endOf(shape)
const HOUR_MS = 3_600_000

/** Two of the same: one rolls up, the other one reads every event. */
let rolling: TestPeriscopeQuery
let plain: TestPeriscopeQuery

beforeAll(async () => {
  ;[rolling, plain] = await Promise.all([openTestPeriscopeQuery(), openTestPeriscopeQuery()])
  for (const periscope of [rolling, plain]) {
    periscope.at(NOW)
    await fillMonth(periscope, shape, SEED)
  }
  await rolling.rollUp()
})

afterAll(() => Promise.all([rolling, plain].map((each) => each[Symbol.asyncDispose]())))

/** Those of which something is read from what is rolled up. */
const asked = [
  'overview, uneven',
  'viewers by hour and country',
  'viewers of a stream, by step',
  'quality by hour and protocol',
  'quality by stream, uneven',
]

async function answersOf(periscope: TestPeriscopeQuery, tenant: number): Promise<Record<string, unknown>> {
  const token = await periscope.identities.user(tenantOf(tenant))
  const questions = Object.fromEntries(questionsOf(tenant, shape))
  const answers = asked.map(async (name) => {
    const response = await send(periscope, `GET ${questions[name]}`, { token })
    expect(response.status, name).toBe(200)
    return [name, rounded(await response.json())]
  })
  return Object.fromEntries(await Promise.all(answers))
}

/** Sums of fractions differ in their last digits by the order in which they were added. */
function rounded(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, part) =>
    typeof part === 'number' ? Number(part.toPrecision(10)) : part,
  )
}

async function expectSame(tenant: number): Promise<void> {
  const [found, slow] = await Promise.all([answersOf(rolling, tenant), answersOf(plain, tenant)])
  expect(found, `seed ${SEED}`).toEqual(slow)
}

const storeBoth = (events: readonly StoredEvent[]) =>
  Promise.all([rolling, plain].map((periscope) => periscope.store(events)))
const count = async (of: string) => {
  const [row] = await rolling.stores.clickhouse.query<{ n: string }>(`SELECT count() AS n FROM ${of}`)
  return Number(row?.n)
}
/** Up to when answers need no events, by the hours that were rolled up and have not changed since. */
const staleHours = () =>
  count(`(SELECT hour FROM hour_changes GROUP BY tenant_id, hour HAVING (tenant_id, hour, max(changed_at)) IN (
    SELECT c.tenant_id, c.hour, max(c.changed_at) FROM hour_changes c
    JOIN (SELECT tenant_id, hour, max(version) AS version FROM rolled_hours GROUP BY tenant_id, hour) r USING (tenant_id, hour)
    WHERE c.changed_at >= r.version GROUP BY c.tenant_id, c.hour))`)

test('every answer from what is rolled up is the one from the events', async () => {
  for (const table of ['rolled_quality', 'rolled_states', 'rolled_visits'])
    expect(await count(table)).toBeGreaterThan(20)
  expect(await staleHours()).toBe(0)
  for (const tenant of [0, 1]) await expectSame(tenant)
})

test('an hour is rolled up once hosts have had time to tell of it', async () => {
  const last = new Date(Math.floor((Date.parse(NOW) - SETTLE_MS) / HOUR_MS) * HOUR_MS - HOUR_MS)
  expect(await count(`rolled_hours WHERE hour = '${toText(last)}'`)).toBe(shape.tenants)
  expect(await count(`rolled_hours WHERE hour > '${toText(last)}'`)).toBe(0)
})

test('figures of viewers, quality, tiers, usage and routing are those of a slow look at each event', async () => {
  const { compared, differences } = await findDifferences(rolling, 0, shape, SEED)
  expect(differences, `seed ${SEED}`).toEqual([])
  expect(compared).toBeGreaterThan(300)
})

test('what comes late is in the answers at once, and after it was rolled up anew', async () => {
  const [event] = monthOf(0, shape, SEED)
  const late = (seconds: number, event_type: StoredEvent['event_type'], data: object) => {
    const occurred_at = new Date(Date.parse(shape.from) + seconds * 1000).toISOString()
    const whose = { tenant_id: tenantOf(0), stream_id: streamsOf(0, shape)[0], event_id: crypto.randomUUID() }
    return { ...event, ...whose, event_type, occurred_at, data } as StoredEvent
  }
  const buffer = {
    buffer_ms: null,
    jitter_ms: null,
    keep_away_ms_max: null,
    issues: null,
    final_media_ms: null,
    tracks: [],
  }
  // A state that lasts over all the hours that come after it on a host which was not heard of else.
  const events = [
    { ...late(1_000, 'stream-buffer', { state: 'DRY', ...buffer }), node_id: 'nod_cut_off' },
    { ...late(150_000, 'stream-buffer', { state: 'FULL', ...buffer }), node_id: 'nod_cut_off' },
    { ...late(90_000, 'user-connection', connect('late')), node_id: 'nod_cut_off' },
    { ...late(97_777, 'user-connection', disconnect('late', 7_777)), node_id: 'nod_cut_off' },
  ]
  await storeBoth(events)
  expect(await staleHours()).toBeGreaterThan(0)
  await expectSame(0)
  await rolling.rollUp()
  expect(await staleHours()).toBe(0)
  await expectSame(0)
})

test('an end that replaces a made-up one in an hour that was rolled up counts alone', async () => {
  const made = [...monthOf(1, shape, SEED)].find(({ data, occurred_at }) => {
    return 'action' in data && data.action === 'disconnect' && occurred_at > '2026-11-01T14' && data.seconds > 600
  })
  if (made === undefined) throw new Error(`no session to replace, seed ${SEED}`)
  const occurred_at = new Date(Date.parse(made.occurred_at) + 4 * HOUR_MS).toISOString()
  const replaces = { event_id: made.event_id, occurred_at: made.occurred_at }
  await storeBoth([
    { ...made, event_id: crypto.randomUUID(), occurred_at, data: { ...made.data, replaces } } as StoredEvent,
  ])
  await rolling.rollUp()
  expect(await staleHours()).toBe(0)
  await expectSame(1)
})

test('however late, often and disordered events come while hours are rolled up, answers are those of the events', async () => {
  const random = mulberry32(SEED)
  const [inOrder, batches] = [await Promise.all([openTestPeriscopeQuery(), openTestPeriscopeQuery()]), 6]
  const events = [...monthOf(0, shape, SEED)].toSorted((a, b) => (a.occurred_at < b.occurred_at ? -1 : 1))
  const batchOf = (index: number) => {
    const due = Math.floor((index / events.length) * batches)
    return random() < 0.05 ? due + Math.floor(random() * (batches - due)) : due
  }
  const byBatch = Map.groupBy(events, (_, index) => Math.min(batchOf(index), batches - 1))
  const [one, other] = inOrder
  for (const periscope of inOrder) for (const stream of streamsOf(0, shape)) periscope.streams.set(stream, tenantOf(0))
  for (let batch = 0; batch < batches; batch += 1) {
    const told = byBatch.get(batch) ?? []
    one.at(
      told
        .map(({ occurred_at }) => occurred_at)
        .toSorted()
        .at(-1) ?? NOW,
    )
    await one.store([...told, ...told.filter(() => random() < 0.1)])
    await one.rollUp()
  }
  await other.store(events)
  for (const periscope of inOrder) periscope.at(NOW)
  expect(await answersOf(one, 0), `seed ${SEED}`).toEqual(await answersOf(other, 0))
  for (const periscope of inOrder) await periscope[Symbol.asyncDispose]()
})

test('rolling up that is cut off leaves the answers as they were, and goes on where it was', async () => {
  await storeBoth(
    [...monthOf(0, shape, SEED)].slice(-200).map((event) => ({ ...event, event_id: crypto.randomUUID() })),
  )
  const { clickhouse } = rolling.stores
  const cut: typeof clickhouse = {
    ...clickhouse,
    insert: (table, ...rest) => {
      return table === 'rolled_hours' ? Promise.reject(new Error('cut off')) : clickhouse.insert(table, ...rest)
    },
  }
  // It had begun while another one was about to end.
  const deps = { clock: () => new Date(NOW), stampedEarlyMs: -1 }
  const never = new AbortController().signal
  await expect(rollUp({ ...deps, clickhouse: cut }, never)).rejects.toThrow('cut off')
  for (const table of ['rolled_quality', 'rolled_states', 'rolled_visits']) {
    await clickhouse.command(`OPTIMIZE TABLE ${table} FINAL`)
  }
  await expectSame(0)
  await rollUp({ ...deps, clickhouse }, never)
  expect(await staleHours()).toBe(0)
  await expectSame(0)
})

test('what comes too late to be worked out anew is left alone, and what is a little earlier is not', async () => {
  const days = (ago: number) => new Date(Date.parse(NOW) - ago * 86_400_000).toISOString()
  const [event] = monthOf(1, shape, SEED)
  const old = { ...event, event_type: 'stream-lifecycle', data: lifecycle } as StoredEvent
  const before = await count(`rolled_hours FINAL WHERE tenant_id = '${tenantOf(1)}'`)
  await rolling.store([{ ...old, event_id: crypto.randomUUID(), occurred_at: days(LATE_DAYS_MAX + 0.1) }])
  await rolling.rollUp()
  expect(await count(`rolled_hours FINAL WHERE tenant_id = '${tenantOf(1)}'`)).toBe(before)
  await rolling.store([{ ...old, event_id: crypto.randomUUID(), occurred_at: days(LATE_DAYS_MAX - 0.1) }])
  await rolling.rollUp()
  expect(await count(`rolled_hours FINAL WHERE tenant_id = '${tenantOf(1)}'`)).toBeGreaterThan(before + 20 * 24)
})

test('a change that was stamped within the last minute may be of an event that is not seen yet', async () => {
  const [event] = monthOf(1, shape, SEED)
  await rolling.store([
    { ...event, event_type: 'stream-lifecycle', data: lifecycle, event_id: crypto.randomUUID() } as StoredEvent,
  ])
  const { clickhouse } = rolling.stores
  const { run, every_seconds } = createRollUpJob({ clickhouse, clock: () => new Date(NOW) })
  expect(every_seconds).toBe(60)
  await run(new AbortController().signal)
  expect(await staleHours()).toBeGreaterThan(0)
  await rolling.rollUp()
  expect(await staleHours()).toBe(0)
})

test('quality of a time whose samples are gone is still there', async () => {
  type Known = Record<'overview, uneven', { quality: { egress_bytes: number } }>
  const before = (await answersOf(rolling, 1)) as Known
  await rolling.stores.clickhouse.command(`ALTER TABLE client_samples DELETE WHERE 1 SETTINGS mutations_sync = 2`)
  const after = (await answersOf(rolling, 1)) as Known
  const known = before['overview, uneven'].quality.egress_bytes
  expect(after['overview, uneven'].quality.egress_bytes).toBeGreaterThan(known / 2)
})

test('of a tenant that is forgotten nothing rolled up stays', async () => {
  const { clickhouse, db } = rolling.stores
  await forgetTenant({ clickhouse, db, untilHeard: async () => undefined }, tenantOf(0))
  // What of theirs still came out of the log meanwhile.
  await clickhouse.insert('hour_changes', [{ tenant_id: tenantOf(0), hour: Date.parse(shape.from) / 1000 }])
  await rolling.rollUp()
  await clickhouse.command(
    `ALTER TABLE hour_changes DELETE WHERE tenant_id = '${tenantOf(0)}' SETTINGS mutations_sync = 2`,
  )
  for (const table of ['hour_changes', 'rolled_hours', 'rolled_quality', 'rolled_states', 'rolled_visits']) {
    expect(await count(`${table} WHERE tenant_id = '${tenantOf(0)}'`), table).toBe(0)
    expect(await count(table), table).toBeGreaterThan(0)
  }
})

const toText = (time: Date) => time.toISOString().slice(0, 19).replace('T', ' ')

const lifecycle = {
  ...{ status: 'starting', cause: 'ready', reason: null, input_type: null, replicated: null, viewers: null },
  ...{ inputs: null, outputs: null, tracks: null, ingress_bytes: null, egress_bytes: null, viewer_seconds: null },
  ...{ packets_sent: null, packets_lost: null, packets_retransmitted: null, buffer_ms: null, jitter_ms: null },
  issues: null,
}

function connect(session_id: string) {
  return {
    action: 'connect',
    session_id,
    host: '198.51.100.9',
    place: null,
    connector: 'HLS',
    request_url: 'https://m/p',
  }
}

function disconnect(session_id: string, seconds: number) {
  const { action: _, request_url: __, ...who } = connect(session_id)
  return {
    ...{ action: 'disconnect', ...who, seconds, egress_bytes: 5, ingress_bytes: 0, hosts: [], connectors: [] },
    ...{ streams: [], tags: [], provenance: 'reported' },
  }
}
