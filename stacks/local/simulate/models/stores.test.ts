import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ingest, type Stores } from '../../../../functions/periscope-ingest/ingest/ingest.ts'
import { tables } from '../../../../functions/periscope-ingest/tables/tables.ts'
import {
  openTestPeriscopeQuery,
  type TestPeriscopeQuery,
} from '../../../../functions/periscope-query/testing/periscope-query.ts'
import { EVENTS_TOPIC } from '../../../../shared/contract/decklog.ts'
import { Usage } from '../../../../shared/contract/periscope-query.ts'
import { receive, send } from '../../../../shared/testing/api.ts'
import { seededRandom } from '../kernel/random.ts'
import { simulate } from '../simulate.ts'
import { placeOf } from '../truth/truth.ts'
import { TENANT_ID } from '../world/control-plane.ts'
import { ModelClickHouse } from './clickhouse.ts'
import { ModelRegisters } from './registers.ts'
import { modelStores } from './stores.ts'

const SEEDS = 12
const TIMEOUT_MS = 120_000

let periscope: TestPeriscopeQuery
const clickhouse = new ModelClickHouse()
const registers = new ModelRegisters()
const model = modelStores({
  clickhouse: async (work) => work(clickhouse),
  registers: async (work) => work(registers),
})

beforeAll(async () => {
  periscope = await openTestPeriscopeQuery()
})

afterAll(() => periscope[Symbol.asyncDispose]())

/** The logs of some simulated runs, in batches that repeat and overlap, go into the real stores and into the models. */
test(
  'the models of the stores answer what the real ones do, rows, registers and usage, and refuse what they refuse',
  async () => {
    const real = periscope.stores
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = seededRandom(seed)
      const { world } = await simulate(seed)
      const records = world.broker.records(EVENTS_TOPIC).flat()
      for (let at = 0; at < records.length; at += random.integer(20, 120)) {
        const batch = records.slice(at, at + random.integer(50, 150))
        const again = random.chance(0.2) ? 2 : 1
        for (let i = 0; i < again; i++) {
          const refusedBy = async (stores: Stores) =>
            (await ingest(stores, batch)).failures.map(({ record, fault }) => [placeOf(record), fault.reason])
          const [ours, theirs] = await Promise.all([refusedBy(model), refusedBy(real)])
          expect(ours, `seed ${seed}`).toEqual(theirs)
        }
      }
    }
    for (const { name } of tables) {
      const stored = await real.clickhouse.query(`SELECT * FROM ${name} FINAL`)
      expect(plain(clickhouse.final(name)), name).toEqual(plain(stored))
    }
    expect(plain(registers.rows('stream_state').map(parsed))).toEqual(plain(await stateOf('stream_state')))
    expect(plain(registers.rows('node_state').map(parsed))).toEqual(plain(await stateOf('node_state')))
    const token = await periscope.identities.user(TENANT_ID)
    const line = 'GET /usage?from=2026-11-01T00:00:00.000Z&to=2026-12-01T00:00:00.000Z'
    expect(await receive(Usage, send(periscope, line, { token }))).toMatchObject(usageOfModel())
  },
  TIMEOUT_MS,
)

function usageOfModel() {
  const sum = (table: string, column: string) =>
    clickhouse.counted(table).reduce((total, row) => total + Number(row[column]), 0)
  const recordings = clickhouse.final('recordings').filter(({ action }) => action === 'end')
  return {
    sessions: clickhouse.counted('viewer_sessions').length,
    viewer_seconds: sum('viewer_sessions', 'seconds'),
    egress_bytes: sum('viewer_sessions', 'egress_bytes'),
    ingress_bytes: sum('viewer_sessions', 'ingress_bytes'),
    runs: { count: clickhouse.counted('stream_runs').length, egress_bytes: sum('stream_runs', 'egress_bytes') },
    recordings: recordings.length,
    recorded_bytes: recordings.reduce((total, { bytes }) => total + Number(bytes), 0),
  }
}

async function stateOf(table: 'stream_state' | 'node_state'): Promise<unknown[]> {
  return periscope.stores.db.within({ tenant_id: TENANT_ID }, async (tx) => {
    const { rows } = await sql`select * from ${sql.table(table)}`.execute(tx)
    return rows
  })
}

function parsed(row: Record<string, unknown>) {
  return { ...row, data: JSON.parse(String(row.data)) }
}

/** Rows in one order and one spelling: numbers of 64 bits come as text from ClickHouse, times as dates from Postgres. */
function plain(rows: readonly unknown[]): string[] {
  return rows.map((row) => JSON.stringify(spelt(JSON.parse(JSON.stringify(row))))).sort()
}

function spelt(value: unknown): unknown {
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return value.map(spelt)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, each]) => [name, spelt(each)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}
