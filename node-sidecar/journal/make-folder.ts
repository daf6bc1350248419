import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from './segment.ts'

/** Makes a folder that only we may enter, with those above it, so that it survives a crash; one that is there stays. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}
