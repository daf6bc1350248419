import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findFreeOffset } from './free-offset.ts'
import { portsAt, requireFree } from './ports.ts'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))
const TIMEOUT_MS = 60_000

let statePath: string

beforeAll(async () => {
  statePath = await mkdtemp(join(tmpdir(), 'frameworks-main-'))
})

afterAll(() => rm(statePath, { recursive: true, force: true }))

/** Runs `npm start`'s program until it is ready. */
async function run(offset: number, ...options: string[]) {
  const args = [
    MAIN,
    '--state',
    statePath,
    '--port-offset',
    String(offset),
    '--log',
    'error',
    '--viewers',
    '0',
    ...options,
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const said: string[] = []
  const ready = Promise.withResolvers<void>()
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on('line', (line) => {
      said.push(line)
      if (line.startsWith('Ctrl-C stops it.')) ready.resolve()
    })
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  await Promise.race([ready.promise, ended])
  return { child, ended, said: () => said.join('\n'), ports: portsAt(offset) }
}

test(
  'it says what it does, stops when asked, and leaves nothing running',
  async () => {
    const system = await run(await findFreeOffset())
    expect(system.said()).toMatch(/Postgres is ready[\s\S]*Ready after[\s\S]*Demo login/)
    system.child.kill('SIGINT')
    expect(await system.ended).toBe(0)
    expect(system.said()).toContain('Stopped. The data is kept')
    await requireFree(system.ports)
  },
  TIMEOUT_MS,
)

test(
  'what a killed run left behind does not keep the next one from starting',
  async () => {
    const offset = await findFreeOffset()
    const killed = await run(offset)
    killed.child.kill('SIGKILL')
    await killed.ended
    const { postgres: _, ...others } = killed.ports
    await expect.poll(() => requireFree(others).then(() => 'free', String), { timeout: 20_000 }).toBe('free')
    const next = await run(offset)
    expect(next.said()).toContain('Ready after')
    next.child.kill('SIGTERM')
    expect(await next.ended).toBe(0)
  },
  TIMEOUT_MS,
)

test('a wrong option is told in a line, without a stack', async () => {
  const { said, ended } = await run(0, '--viewers', 'many')
  expect(await ended).toBe(1)
  expect(said().trim()).toBe('--viewers takes a whole number')
})
