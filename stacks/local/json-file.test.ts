import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { readJsonFile, writeJsonFile } from './json-file.ts'
import { loadSecrets } from './secrets.ts'
import { findRunning } from './state.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frameworks-state-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('a file is written whole, for its owner alone, and read back', async () => {
  const path = join(folder, 'deep', 'x.json')
  await writeJsonFile(path, { a: 1 })
  await writeJsonFile(path, { a: 2 })
  expect(await readJsonFile(path, z.object({ a: z.number() }))).toEqual({ a: 2 })
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readdir(join(folder, 'deep'))).toEqual(['x.json'])
})

test('secrets are made once and kept', async () => {
  const made = await loadSecrets(folder)
  expect(await loadSecrets(folder)).toEqual(made)
})

test('secrets of another version are refused by file and field, and left as they are', async () => {
  const { keys, ...rest } = await loadSecrets(folder)
  const path = join(folder, 'secrets.json')
  const newer = JSON.stringify({ ...rest, keys: { ...keys, foghorn: { alg: 'EdDSA', d: 'hush' } } })
  await writeFile(path, newer)
  const refused = loadSecrets(folder).catch((error: Error) => error.message)
  expect(await refused).toMatch(/secrets\.json is damaged or of another version \(keys\.foghorn\.kty, /)
  expect(await refused).not.toContain('hush')
  expect(await readFile(path, 'utf8')).toBe(newer)
})

test('a file that may not be read is not taken for one that is not there', async () => {
  await expect(readJsonFile(folder, z.object({}))).rejects.toThrow(/cannot be read \(EISDIR\)/)
})

test('a damaged note of a running system keeps nobody from starting', async () => {
  await writeFile(join(folder, 'frameworks.json'), '{"pid":')
  expect(await findRunning(folder)).toBeUndefined()
})

test.each(['secrets.json', 'demo.json'])('a start on a damaged %s ends with one clear line', async (name) => {
  await loadSecrets(folder)
  await writeFile(join(folder, name), '{"postgres_password":"hunter2"')
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, '--state', folder])
  const [said, ended] = await Promise.all([text(child.stderr), new Promise((resolve) => child.once('close', resolve))])
  expect(ended).toBe(1)
  expect(said.trim()).toMatch(new RegExp(`^\\S+${name} is damaged or of another version`))
  expect(said.trim().split('\n')).toHaveLength(1)
  expect(said).not.toContain('hunter2')
})
