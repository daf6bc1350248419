import { realpath } from 'node:fs/promises'
import { createServer } from 'node:net'
import { Fault } from '../../shared/fault.ts'
import { sha256Hex } from '../../shared/random.ts'

/**
 * Claims a folder for this process; the kernel gives it back when the process ends, however it ends. Linux only
 * (abstract sockets), elsewhere it claims nothing. Throws 409 when another process has it.
 */
export async function claimFolder(folder: string): Promise<AsyncDisposable> {
  if (process.platform !== 'linux') return { [Symbol.asyncDispose]: async () => undefined }
  const name = `\0frameworks-journal-${await sha256Hex(await realpath(folder))}`
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(toFault(cause)))
    server.listen(name, resolve)
  })
  server.unref()
  return { [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) }
}

function toFault(cause: Error): Fault {
  return new Fault('conflict', 'journal_claimed', 'Another process uses this journal.', { cause })
}
