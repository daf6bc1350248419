import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../shared/testing/port.ts'
import { NODE_ID, startControlPlane } from '../testing/control-plane.ts'
import { startDecklog } from '../testing/decklog.ts'
import { freshFolder } from '../testing/folder.ts'
import { PROGRAM_GZIP_BYTES_MAX, packHelmsman } from './pack.ts'

const run = promisify(execFile)
/** Each is a process of its own. */
const PROCESSES_TIMEOUT_MS = 60_000

let packed: string
let program: string

beforeAll(async () => {
  packed = join(await mkdtemp(join(tmpdir(), 'helmsman-')), 'helmsman')
  const result = await packHelmsman(packed)
  program = result.program
  expect(result.gzip_bytes).toBeLessThanOrEqual(PROGRAM_GZIP_BYTES_MAX)
})

afterAll(() => rm(dirname(packed), { recursive: true }))

test(
  'the packed program enrols a host with one command, then starts and runs with nothing else',
  async () => {
    const plane = await startControlPlane()
    const decklog = await startDecklog()
    const folder = await freshFolder()
    const [state, settings] = [join(folder, 'state'), join(folder, 'etc/helmsman.env')]
    const port = await freePort()
    const env = {
      COMMODORE_URL: plane.client.baseUrl.href,
      QUARTERMASTER_URL: plane.client.baseUrl.href,
      DECKLOG_URL: decklog.url.href,
      HELMSMAN_PORT: String(port),
    }
    const flags = ['--token', 'en_secret', '--name', 'edge "one"', '--address', 'https://edge1.test']
    const where = ['--mist', 'http://127.0.0.1:1', '--state', state, '--settings', settings]
    const enrol = () => run(process.execPath, [program, 'enrol', ...flags, ...where], { env })
    expect((await enrol()).stdout).toBe(`This host is ${NODE_ID}.\n`)
    expect((await enrol()).stdout).toBe(`This host is ${NODE_ID}.\n`)
    expect(plane.asked).toMatchObject([
      { path: '/nodes/enrol', body: { token: 'en_secret', name: 'edge "one"', address: 'https://edge1.test' } },
    ])
    expect(await readFile(settings, 'utf8')).not.toContain('en_secret')
    expect((await stat(join(state, 'node.json'))).mode & 0o777).toBe(0o600)

    const child = spawn(process.execPath, [program, '--settings', settings], { env: {}, stdio: 'ignore' })
    onTestFinished(() => void child.kill('SIGKILL'))
    const url = `http://127.0.0.1:${port}`
    const health = () => fetch(`${url}/health`).then((answer) => answer.json(), String)
    await expect.poll(health, { timeout: 15_000 }).toMatchObject({ checks: { journal: 'ok', decklog: 'ok' } })
    const metrics = async () => (await fetch(`${url}/metrics`)).text()
    await expect.poll(() => decklog.taken.length, { timeout: 15_000 }).toBeGreaterThan(0)
    expect(await metrics()).toContain('helmsman_events_total')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(plane.asked.filter(({ path }) => path === '/nodes/enrol')).toHaveLength(1)
  },
  PROCESSES_TIMEOUT_MS,
)

test('a host brings its events to the region that it enrols with, else to the central one', async () => {
  const plane = await startControlPlane()
  const env = { QUARTERMASTER_URL: plane.client.baseUrl.href }
  const decklogOf = async (...region: string[]) => {
    const folder = await freshFolder()
    const settings = join(folder, 'helmsman.env')
    const where = ['--state', join(folder, 'state'), '--settings', settings]
    const flags = ['enrol', '--domain', 'video.example', '--token', 'en_secret', ...region, ...where]
    await run(process.execPath, [program, ...flags], { env })
    return /^DECKLOG_URL=(.*)$/m.exec(await readFile(settings, 'utf8'))?.[1]
  }
  expect(await decklogOf('--region', 'us-east-1')).toBe('"https://decklog.us-east-1.video.example"')
  expect(await decklogOf()).toBe('"https://decklog.video.example"')
})

test('a host that is not let in is told so, and nothing is written that would start it', async () => {
  const plane = await startControlPlane()
  plane.failing = 401
  const folder = await freshFolder()
  const settings = join(folder, 'helmsman.env')
  const url = plane.client.baseUrl.href
  const env = { COMMODORE_URL: url, QUARTERMASTER_URL: url, DECKLOG_URL: url }
  const flags = ['enrol', '--token', 'en_secret', '--state', join(folder, 'state'), '--settings', settings]
  await expect(run(process.execPath, [program, ...flags], { env })).rejects.toMatchObject({ code: 1 })
  await expect(stat(settings)).rejects.toMatchObject({ code: 'ENOENT' })
})

test.each([[['leave']], [['enrol', 'now']], [['--all']]])(
  'what it does not understand it refuses: %j',
  async (args) => {
    await expect(run(process.execPath, [program, ...args], { env: {} })).rejects.toMatchObject({ code: 1 })
  },
)

test('the package says what npm and systemd need', async () => {
  const manifest = JSON.parse(await readFile(join(packed, 'package.json'), 'utf8'))
  expect(manifest).toMatchObject({ bin: { helmsman: './helmsman.mjs' }, engines: { node: '>=24' } })
  expect(manifest).not.toHaveProperty('dependencies')
  const unit = await readFile(join(packed, 'helmsman.service'), 'utf8')
  for (const line of ['User=helmsman', 'NoNewPrivileges=yes', 'ProtectSystem=strict', 'Restart=always']) {
    expect(unit.split('\n')).toContain(line)
  }
})
