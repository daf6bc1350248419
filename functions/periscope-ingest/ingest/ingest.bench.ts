import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@clickhouse/client-web'
import { openClickHouse } from '../../../shared/clickhouse/client.ts'
import { ensureDatabase, migrate } from '../../../shared/clickhouse/migrate.ts'
import { BatchTurns } from '../../../shared/kafka/batch-turns.ts'
import type { ConsumedRecord } from '../../../shared/kafka/event-log.ts'
import { openDatabase } from '../../../shared/postgres/database.ts'
import { openPool } from '../../../shared/postgres/pool.ts'
import { compare } from '../../../shared/testing/compare.ts'
import { startClickHouse } from '../../../stacks/local/clickhouse/start.ts'
import type { Tables } from '../state/tables.ts'
import type { OwnedEvent } from '../tables/table.ts'
import { viewerSessions } from '../tables/viewer-sessions.ts'
import { readSessionEvents } from '../testing/events.ts'
import { readBatch, storeBatch } from './ingest.ts'

/** What the log hands over at once when it is behind: 8 MB of events like these. */
const BATCH_EVENTS = 10_000
/** One is read while another is stored, as consumers of the log have it. */
const BATCHES = 4

const folder = await mkdtemp(join(tmpdir(), 'bench-'))
await using stack = new AsyncDisposableStack()
stack.defer(() => rm(folder, { recursive: true, force: true }))
const server = stack.use(await startClickHouse({ dataPath: folder, password: 'bench' }))
const target = { url: server.url, user: server.user, password: server.password, database: 'bench' }
await ensureDatabase(target)
const clickhouse = stack.use(openClickHouse(target))
await migrate(clickhouse, new URL('../migrations/clickhouse/', import.meta.url))
// Ends of sessions say nothing of current state, so Postgres is never asked.
const stores = { clickhouse, db: openDatabase<Tables>(openPool('postgres://nobody@127.0.0.1/nothing')) }
const client = createClient({ ...target, username: target.user })

const sample = readSessionEvents().find(({ data }) => 'action' in data && data.action === 'disconnect') as OwnedEvent

/** As many hosts and streams as there are in one batch. */
const sizes = [
  { hosts: 1, streams: 100 },
  { hosts: 10, streams: 1_000 },
  { hosts: 100, streams: 10_000 },
]

function events({ hosts, streams }: (typeof sizes)[number]): OwnedEvent[] {
  return Array.from({ length: BATCH_EVENTS }, (_, i) => {
    const at = { node_id: `nod_${i % hosts}`, stream_id: `str_${i % streams}` }
    return { ...sample, ...at, event_id: crypto.randomUUID() }
  })
}

/** The log hands over bytes. */
function toRecord(event: OwnedEvent, offset: number): ConsumedRecord {
  const value = Buffer.from(JSON.stringify(event))
  return { partition: 0, offset: BigInt(offset), key: '', headers: {}, timestamp_ms: 0, value }
}

const never = new AbortController().signal

for (const size of sizes) {
  let batches: ConsumedRecord[][] = []
  let rows: object[][] = []
  await compare({
    name: `events of ${size.hosts} hosts and ${size.streams} streams read, checked and stored`,
    unit: 'events',
    prepare: () => {
      batches = Array.from({ length: BATCHES }, () => events(size).map(toRecord))
      rows = Array.from({ length: BATCHES }, () => events(size).flatMap(viewerSessions.toRows))
    },
    ours: async () => {
      const turns = new BatchTurns(
        async (records) => {
          const batch = await readBatch(records)
          return async () => void (await storeBatch(stores, batch))
        },
        () => undefined,
      )
      for (const batch of batches) await turns.take(batch, async () => true, never)
      await turns.settled()
      return BATCHES * BATCH_EVENTS
    },
    bare: async () => {
      for (const values of rows) {
        const clickhouse_settings = { date_time_input_format: 'best_effort' } as const
        await client.insert({ table: 'viewer_sessions', values, format: 'JSONEachRow', clickhouse_settings })
      }
      return BATCHES * BATCH_EVENTS
    },
  })
  const megabytes = Math.round(process.memoryUsage.rss() / 2 ** 20)
  process.stdout.write(`  memory of this process, both sides in it: ${megabytes} MB\n`)
}
await client.close()
