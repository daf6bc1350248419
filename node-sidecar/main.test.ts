import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { Code } from '@connectrpc/connect'
import { expect, onTestFinished, test } from 'vitest'
import { eventId } from '../shared/ids.ts'
import { freePort } from '../shared/testing/port.ts'
import { NODE_ID, startControlPlane } from './testing/control-plane.ts'
import { refuseWith, startDecklog } from './testing/decklog.ts'
import { freshFolder } from './testing/folder.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))
const USER_END = (session: number) =>
  `tok\nlive+regatta\nHLS\n192.0.2.7\n9\n8\n7\n\n9\n9\n9\n${session.toString(16).padStart(64, '0')}`

/** Runs Helmsman as a process of its own on a port, until the test is over. */
async function launch(variables: Record<string, string>): Promise<{ child: ChildProcess; url: string }> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const env = { ...process.env, ...variables, HELMSMAN_PORT: String(port), MIST_URL: 'http://127.0.0.1:1' }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await expect
    .poll(
      () =>
        fetch(`${url}/health`).then(
          () => true,
          () => false,
        ),
      { timeout: 15_000 },
    )
    .toBe(true)
  return { child, url }
}

async function fire(url: string, session: number): Promise<string | undefined> {
  const uuid = crypto.randomUUID()
  const headers = { 'x-trigger': 'USER_END', 'x-trigger-uuid': uuid, 'content-type': 'text/plain' }
  const sent = fetch(`${url}/triggers/USER_END`, { method: 'POST', headers, body: USER_END(session) })
  const taken = await sent.then(
    ({ ok }) => ok,
    () => false,
  )
  return taken ? eventId(NODE_ID, 'USER_END', uuid) : undefined
}

test('every fact that was answered survives kill -9 and arrives after the restart', async () => {
  const plane = await startControlPlane()
  const decklog = await startDecklog()
  decklog.judge = refuseWith(Code.Unavailable)
  const variables = {
    COMMODORE_URL: plane.client.baseUrl.href,
    QUARTERMASTER_URL: plane.client.baseUrl.href,
    DECKLOG_URL: decklog.url.href,
    HELMSMAN_STATE_PATH: join(await freshFolder(), 'state'),
    ENROLMENT_TOKEN: 'en_test',
  }
  const first = await launch(variables)
  const answered: string[] = []
  const lane = async (number: number) => {
    for (let session = number; ; session += 8) {
      const id = await fire(first.url, session)
      if (id === undefined) return
      answered.push(id)
      if (answered.length === 200) first.child.kill('SIGKILL')
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, number) => lane(number)))

  decklog.judge = () => undefined
  const second = await launch(variables)
  const arrived = () => new Set(decklog.taken.map(({ eventId: id }) => id))
  await expect.poll(() => answered.filter((id) => !arrived().has(id)), { timeout: 15_000 }).toEqual([])
  expect(answered.length).toBeGreaterThanOrEqual(200)
  expect(plane.asked.filter(({ path }) => path === '/nodes/enrol')).toHaveLength(1)

  second.child.kill('SIGTERM')
  expect(await once(second.child, 'exit')).toEqual([0, null])
})

test('a process without its configuration says all that is missing and ends', async () => {
  const env = { PATH: process.env.PATH ?? '' }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  expect(await text(child.stderr)).toMatch(/COMMODORE_URL is missing.*HELMSMAN_STATE_PATH is missing/s)
  expect(await exited).toEqual([1, null])
})
