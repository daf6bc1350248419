import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startClickHouse } from '../../stacks/local/clickhouse/start.ts'

declare module 'vitest' {
  interface ProvidedContext {
    clickhouse: { url: string; user: string; password: string }
  }
}

/** One ClickHouse for the whole run; each test file makes its own database in it. A failed run leaves its data behind. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'frameworks-clickhouse-'))
  const server = await startClickHouse({ dataPath: folder, password: 'test' })
  const { url, user, password } = server
  project.provide('clickhouse', { url, user, password })
  return async () => {
    await server.stop()
    if (project.vitest.state.getCountOfFailedTests() === 0) return rm(folder, { recursive: true, force: true })
    project.vitest.logger.log(`ClickHouse's data of this run is kept in ${folder}`)
  }
}
