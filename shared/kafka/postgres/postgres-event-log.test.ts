import { freshDatabase } from '../../testing/postgres.ts'
import { describeEventLog } from '../event-log.contract.ts'

const LEASE_MS = 1_500

describeEventLog('Postgres', async () => {
  const database = await freshDatabase()
  await database.migrate({ schema: 'event_log', folder: new URL('migrations/', import.meta.url) })
  const address = {
    engine: 'postgres' as const,
    url: database.urlAs('event_log'),
    wsProxy: database.wsProxy,
    lease_ms: LEASE_MS,
  }
  return {
    address,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
})
