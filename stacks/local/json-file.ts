import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { z } from 'zod'

/**
 * Reads a file that an earlier start wrote; undefined when there is none. Throws, naming the file and never what
 * stands in it, when it cannot be read or is not what this version writes.
 */
export async function readJsonFile<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S> | undefined> {
  const text = await readText(path)
  if (text === undefined) return undefined
  const result = schema.safeParse(toJson(text))
  if (result.success) return result.data
  const places = result.error.issues.map((issue) => issue.path.join('.')).filter((place) => place !== '')
  const where = places.length > 0 ? ` (${[...new Set(places)].join(', ')})` : ''
  throw new Error(
    `${path} is damaged or of another version${where}. Start the version that wrote it, put the file back, ` +
      'or begin from nothing: `npm run reset`.',
  )
}

/** Replaces the file as a whole, readable by its owner alone: an end in between leaves the old one. */
export async function writeJsonFile(path: string, value: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.new`
  await writeFile(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
  await rename(draft, path)
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT') return undefined
    throw new Error(`${path} cannot be read (${code}).`, { cause: error })
  }
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
