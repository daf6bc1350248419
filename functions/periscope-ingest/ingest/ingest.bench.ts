import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@clickhouse/client-web'
import { openClickHouse } from '../../../shared/clickhouse/client.ts'
import { ensureDatabase, migrate } from '../../../shared/clickhouse/migrate.ts'
import { openDatabase } from '../../../shared/postgres/database.ts'
import { openPool } from '../../../shared/postgres/pool.ts'
import { compare } from '../../../shared/testing/compare.ts'
import { startClickHouse } from '../../../stacks/local/clickhouse/start.ts'
import type { Tables } from '../state/tables.ts'
import type { OwnedEvent } from '../tables/table.ts'
import { viewerSessions } from '../tables/viewer-sessions.ts'
import { readSessionEvents } from '../testing/events.ts'
import { ingest } from './ingest.ts'

/** What the log hands over at once when it is behind: 8 MB of events like these. */
const BATCH_EVENTS = 10_000
/** Rows of a bare insert. */
const INSERT_ROWS = 5_000

const folder = await mkdtemp(join(tmpdir(), 'bench-'))
await using stack = new AsyncDisposableStack()
stack.defer(() => rm(folder, { recursive: true, force: true }))
const server = stack.use(await startClickHouse({ dataPath: folder, password: 'bench' }))
const target = { url: server.url, user: server.user, password: server.password, database: 'bench' }
await ensureDatabase(target)
const clickhouse = stack.use(openClickHouse(target))
await migrate(clickhouse, new URL('../migrations/clickhouse/', import.meta.url))
// Ends of sessions say nothing of current state, so Postgres is never asked.
const db = openDatabase<Tables>(openPool('postgres://nobody@127.0.0.1/nothing'))
const client = createClient({ ...target, username: target.user })

const sample = readSessionEvents().find(({ data }) => 'action' in data && data.action === 'disconnect') as OwnedEvent

/** As many hosts and streams as there are in one batch. */
const sizes = [
  { hosts: 1, streams: 100 },
  { hosts: 100, streams: 10_000 },
]

function batch({ hosts, streams }: (typeof sizes)[number]): OwnedEvent[] {
  return Array.from({ length: BATCH_EVENTS }, (_, i) => {
    const at = { node_id: `nod_${i % hosts}`, stream_id: `str_${i % streams}` }
    return { ...sample, ...at, event_id: crypto.randomUUID() }
  })
}

for (const size of sizes) {
  let records: { value: Uint8Array }[] = []
  let rows: object[] = []
  await compare({
    name: `events of ${size.hosts} hosts and ${size.streams} streams read, checked and stored`,
    unit: 'events',
    // The log hands over bytes.
    prepare: () => {
      records = batch(size).map((event) => ({ value: Buffer.from(JSON.stringify(event)) }))
      rows = batch(size).flatMap((event) => viewerSessions.toRows(event))
    },
    ours: async () => {
      await ingest({ clickhouse, db }, records)
      return BATCH_EVENTS
    },
    bare: async () => {
      for (let at = 0; at < rows.length; at += INSERT_ROWS) {
        await client.insert({
          table: 'viewer_sessions',
          values: rows.slice(at, at + INSERT_ROWS),
          format: 'JSONEachRow',
          clickhouse_settings: { date_time_input_format: 'best_effort' },
        })
      }
      return BATCH_EVENTS
    },
  })
}
await client.close()
