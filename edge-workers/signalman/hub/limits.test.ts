import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { closeCodes, SILENCE_MS_MAX, UNACKNOWLEDGED_CHARS_MAX } from '../../../shared/contract/signalman-limits.ts'
import { Problem } from '../../../shared/http/problem.ts'
import { type Signalman, startSignalman } from '../../../stacks/local/edge/testing/signalman.ts'
import { type Listener, listenAt } from '../testing/client.ts'
import { openTenant as openTenantOf } from '../testing/tenant.ts'
import { BEHIND_MS_MAX, CONNECTIONS_MAX, SWEEP_INTERVAL_MS } from './limits.ts'

let signalman: Signalman
beforeAll(async () => {
  signalman = await startSignalman({ entry: 'edge-workers/signalman/testing/full-worker.ts' })
})
afterAll(() => signalman[Symbol.asyncDispose]())

const ask = (path: string) => fetch(`${signalman.edge.url}/testing/${path}`)

/** Sets Signalman's clock back, for this test: then time passes when it is told to, up to now. */
async function setBack(ms: number): Promise<void> {
  onTestFinished(async () => void (await ask('behind/0')))
  await ask(`behind/${ms}`)
}

function openTenant() {
  const { tenant_id, feed } = openTenantOf(signalman)
  const listen = async () => listenAt(signalman.edge.url, { ticket: await signalman.ticket(tenant_id) })
  /** Connects and subscribes to everything. */
  const listenToAll = async () => {
    const listener = await listen()
    listener.say({ type: 'subscribe', id: 'all' })
    await expect.poll(() => listener.frames.at(-1)?.type).toBe('snapshot')
    return listener
  }
  return { tenant_id, feed, listen, listenToAll }
}

/** Before a limit is reached, ms: more than a test takes. */
const SHORTLY_MS = 10_000

/** Has the hub answer what a client says, which is then no longer silent. */
async function hasHeard(listener: Listener): Promise<void> {
  const answers = () => listener.frames.filter(({ type }) => type === 'unsubscribed').length
  const before = answers()
  listener.say({ type: 'unsubscribe', id: 'none' })
  await expect.poll(answers).toBe(before + 1)
}

/** The newest event that a client was sent. */
const lastOf = (listener: Listener) => listener.events().at(-1)?.seq ?? 0

test('one connection more than a tenant may have is refused, until one of them ends', async () => {
  const full = openTenant()
  const last = await full.listen()
  expect(await (await ask(`fill/${full.tenant_id}/${CONNECTIONS_MAX}`)).json()).toBe(CONNECTIONS_MAX - 1)
  await expect(full.listen()).rejects.toThrow('429')
  const ticket = await signalman.ticket(full.tenant_id)
  const stream = await fetch(`${signalman.edge.url}/events?ticket=${ticket}`)
  expect(stream.status).toBe(429)
  expect(Problem.parse(await stream.json())).toMatchObject({ code: 'too_many_connections' })
  await openTenant().listen()
  await last.close()
  const next = await full.listen()
  await expect.poll(() => next.frames).toMatchObject([{ type: 'hello' }])
})

test('who has said nothing for too long is closed; who pings or says anything is not', async () => {
  await setBack(SILENCE_MS_MAX + SWEEP_INTERVAL_MS)
  const { feed, listenToAll } = openTenant()
  const [silent, pinging, talking] = [await listenToAll(), await listenToAll(), await listenToAll()]
  await setBack(SWEEP_INTERVAL_MS + SHORTLY_MS)
  await feed({})
  for (const listener of [silent, pinging, talking]) await expect.poll(() => lastOf(listener)).toBe(1)
  await hasHeard(talking)
  await setBack(0)
  pinging.say('ping')
  await expect.poll(() => pinging.pongs()).toBe(1)
  await feed({})
  expect(await silent.closed).toBe(closeCodes.silent)
  for (const listener of [pinging, talking]) await expect.poll(() => lastOf(listener)).toBe(2)
})

test('who acknowledges nothing for too long is closed and goes on where it was; who acknowledges a little is not', async () => {
  await setBack(BEHIND_MS_MAX + SWEEP_INTERVAL_MS)
  const { feed, listen, listenToAll } = openTenant()
  const [slow, gone, creeping] = [await listenToAll(), await listenToAll(), await listenToAll()]
  const text = 'x'.repeat(UNACKNOWLEDGED_CHARS_MAX / 4)
  await feed(...Array.from({ length: 8 }, () => ({ data: { text } })))
  for (const listener of [slow, gone, creeping]) await expect.poll(() => lastOf(listener)).toBeGreaterThan(0)
  await setBack(SWEEP_INTERVAL_MS + SHORTLY_MS)
  await feed({})
  await hasHeard(slow)
  creeping.say({ type: 'ack', seq: 1 })
  await hasHeard(creeping)
  await setBack(0)
  await feed({})
  // It was silent for too long as well.
  expect(await gone.closed).toBe(closeCodes.slow)
  expect(await slow.closed).toBe(closeCodes.slow)
  await hasHeard(creeping)
  const [hello] = slow.frames
  const again = await listen()
  const after = { epoch: hello?.type === 'hello' ? hello.epoch : '', seq: lastOf(slow) }
  again.say({ type: 'resume', after, subscriptions: [{ id: 'all', since: 0 }] })
  await expect
    .poll(() => {
      again.say({ type: 'ack', seq: lastOf(again) })
      return [slow, again].flatMap((listener) => listener.events().map(({ seq }) => seq))
    })
    .toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})
