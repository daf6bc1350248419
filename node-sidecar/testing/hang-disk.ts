import { execFile } from 'node:child_process'
import { open, unlink } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Makes whoever opens `path` for writing wait, as on a disk that hangs, until this is disposed of. */
export async function hangDisk(path: string): Promise<AsyncDisposable> {
  await run('mkfifo', [path])
  let hanging = true
  return {
    [Symbol.asyncDispose]: async () => {
      if (!hanging) return
      hanging = false
      const reader = await open(path, 'r')
      await unlink(path)
      await reader.close()
    },
  }
}
