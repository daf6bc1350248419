import { expect, test } from 'vitest'
import { openTestStores } from '../../periscope-ingest/testing/stores.ts'
import { HOST_MISSED_MS, HOST_SILENT_MS, readHeard } from './heard.ts'

test('hosts that fell silent are counted, and of the others the furthest behind is told', async () => {
  await using stores = await openTestStores()
  const now = new Date()
  const ago = (ms: number) => new Date(now.getTime() - ms).toISOString()
  expect(await readHeard(stores.clickhouse, now)).toEqual({ HostsSilent: 0, JournalAge: 0 })
  const heard = (node_id: string, ms: number, partition = 0) => ({
    node_id,
    heard_at: ago(ms),
    partition,
    partitions: 2,
  })
  await stores.clickhouse.insert('host_heard', [
    ...[heard('nod_well', 1_000, 0), heard('nod_well', 2_000, 1)],
    // One partition of the log has nothing of it since long.
    ...[heard('nod_behind', 1_000, 0), heard('nod_behind', 700_000, 1)],
    // Not heard in all partitions yet.
    heard('nod_new', 1_000),
    ...[heard('nod_silent', HOST_SILENT_MS, 0), heard('nod_silent', HOST_SILENT_MS + 1_000, 1)],
    ...[heard('nod_gone', HOST_MISSED_MS, 0), heard('nod_gone', HOST_MISSED_MS, 1)],
  ])
  expect(await readHeard(stores.clickhouse, now)).toEqual({ HostsSilent: 1, JournalAge: 700 })
})
