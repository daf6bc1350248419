import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgresProxy } from '../../../stacks/local/postgres/proxy.ts'
import { startPostgres } from '../../../stacks/local/postgres/server.ts'
import { ensureRole, migrate } from '../../postgres/migrate.ts'
import { openPool } from '../../postgres/pool.ts'
import { freePort } from '../../testing/port.ts'
import { describeOutage } from '../event-log-outage.contract.ts'
import { PostgresEventLog } from './postgres-event-log.ts'

const PASSWORD = 'test'

describeOutage('Postgres', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'event-log-outage-'))
  const options = { dataPath: join(folder, 'data'), port: await freePort(), password: PASSWORD }
  let server = await startPostgres(options)
  const proxy = await startPostgresProxy(server)
  const admin = openPool(server.url('postgres'), { wsProxy: proxy.address })
  await ensureRole(admin, 'event_log', PASSWORD)
  await migrate({ pool: admin, schema: 'event_log', folder: new URL('migrations/', import.meta.url) })
  await admin.end()
  const pool = openPool(server.url('postgres').replace(/\/\/[^@]+@/, `//event_log:${PASSWORD}@`))
  return {
    open: (report) => new PostgresEventLog(pool, { lease_ms: 2_000, report }),
    kill: async () => {
      // Its children notice the death of their parent and end by themselves.
      process.kill(server.pid, 'SIGKILL')
      await server[Symbol.asyncDispose]()
    },
    restart: async () => {
      server = await startPostgres(options)
    },
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
})
