import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** An empty folder that goes away with the test, unless the test failed. */
export async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'helmsman-'))
  onTestFinished(async ({ task }) => {
    if (task.result?.state !== 'fail') await rm(folder, { recursive: true, force: true })
  })
  return folder
}
