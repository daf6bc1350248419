import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** A folder for rows on their way in and results on their way out, so that neither has to fit into memory. */
export interface Exchange {
  /** A path that nobody else uses; the file, if one was made there, goes away when disposed. */
  place(): { path: string } & AsyncDisposable
}

/** Opens the folder empty: what an earlier process left there belongs to no query any more. */
export async function openExchange(folder: string): Promise<Exchange> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return {
    place: () => {
      const path = join(folder, crypto.randomUUID())
      return { path, [Symbol.asyncDispose]: () => rm(path, { force: true }) }
    },
  }
}
