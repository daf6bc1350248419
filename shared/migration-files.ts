import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'

/** One `NNN_name.sql`. */
export interface MigrationFile {
  number: number
  name: string
  text: string
  /** SHA-256 of the text, in hexadecimal. */
  checksum: string
}

/** The numbered migrations of a folder in order; throws for a gap in the numbers. */
export async function readMigrationFiles(folder: URL): Promise<MigrationFile[]> {
  const base = folder.href.endsWith('/') ? folder : new URL(`${folder.href}/`)
  const names = (await readdir(base)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(names.map((name, index) => readMigrationFile(new URL(name, base), name, index + 1)))
}

async function readMigrationFile(file: URL, name: string, number: number): Promise<MigrationFile> {
  if (!name.startsWith(`${String(number).padStart(3, '0')}_`)) {
    throw new Error(`${name}: migrations are numbered 001, 002, … without gaps`)
  }
  const text = await readFile(file, 'utf8')
  return { number, name, text, checksum: createHash('sha256').update(text).digest('hex') }
}
