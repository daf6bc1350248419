import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startPostgresProxy } from '../../stacks/local/postgres/proxy.ts'
import { startPostgres } from '../../stacks/local/postgres/server.ts'
import { freePort } from './port.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgres: { adminUrl: string; wsProxy: string }
  }
}

/** One Postgres for the whole run; each test file makes its own database in it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'frameworks-postgres-'))
  // The server may run as another user than the tests.
  await chmod(folder, 0o755)
  const server = await startPostgres({
    dataPath: join(folder, 'data'),
    port: await freePort(),
    password: 'test',
    durable: false,
  })
  const proxy = await startPostgresProxy(server)
  project.provide('postgres', { adminUrl: server.url('postgres'), wsProxy: proxy.address })
  return async () => {
    await proxy[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
}
