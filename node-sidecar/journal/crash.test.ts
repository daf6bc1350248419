import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createLog } from '../../shared/log.ts'
import { freshFolder } from '../testing/folder.ts'
import { Journal } from './journal.ts'

const writer = fileURLToPath(new URL('../testing/append-forever.ts', import.meta.url))
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6))

/** Runs the writer until it has confirmed `count` records, then kills it; returns every confirmed number. */
async function killAfter(folder: string, count: number): Promise<number[]> {
  const child = spawn(process.execPath, [writer, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const confirmed: number[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    confirmed.push(Number(line))
    if (confirmed.length === count) child.kill('SIGKILL')
  }
  return confirmed
}

async function readNumbers(journal: Journal, from: number): Promise<number[]> {
  const { records, end } = await journal.read(from, 1000)
  if (records.length === 0) return []
  return [...records.map((record) => Number.parseInt(String(record), 10)), ...(await readNumbers(journal, end))]
}

test.each([0, 1, 2])(`nothing confirmed is lost when the writer is killed (run %i, seed ${seed})`, async (run) => {
  const folder = await freshFolder()
  const confirmed = await killAfter(folder, 50 + ((seed + run * 7919) % 2000))
  await using journal = await Journal.open({ folder, log: createLog('helmsman') })
  const read = await readNumbers(journal, 0)
  const found = new Set(read)
  expect(confirmed.filter((number) => !found.has(number))).toEqual([])
  expect(read).toEqual(Array.from(read, (_, i) => i))
  await journal.append(Buffer.from(`${read.length} after`))
  expect(await readNumbers(journal, 0)).toHaveLength(read.length + 1)
})
