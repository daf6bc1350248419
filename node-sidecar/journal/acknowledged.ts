import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const NAME = 'acknowledged'

/** Up to which position records have been taken; 0 when that is not known, as a repeat is harmless. */
export async function loadAcknowledged(folder: string): Promise<number> {
  const text = await readFile(join(folder, NAME), 'utf8').catch(() => '')
  return /^\d{1,15}\n$/.test(text) ? Number(text) : 0
}

/** Replaced as a whole. Not synced: what a power cut undoes is sent once more. */
export async function saveAcknowledged(folder: string, position: number): Promise<void> {
  const path = join(folder, NAME)
  await writeFile(`${path}.new`, `${position}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}
