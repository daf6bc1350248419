import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from './segment.ts'

/** Replaces a file as a whole, durably: a crash leaves the old one or the new one. Only its owner may read it. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
  await syncFolder(dirname(path))
}
