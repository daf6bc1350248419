import { expect, test } from 'vitest'
import { startPostgresProxy } from '../../stacks/local/postgres/proxy.ts'
import { freePort } from '../testing/port.ts'
import { openDatabase } from './database.ts'
import { openPool } from './pool.ts'

test('a database that is gone is a fault that may be retried', async () => {
  await using proxy = await startPostgresProxy({ host: '127.0.0.1', port: await freePort() })
  await using db = openDatabase(openPool('postgres://sample:test@127.0.0.1/nothing', { wsProxy: proxy.address }))
  await expect(db.within({}, async () => 1)).rejects.toMatchObject({ reason: 'database_unavailable', retry: true })
})
