import { build, stop } from 'esbuild'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Filter, LiveEvent } from '../../../shared/contract/signalman.ts'
import { newId } from '../../../shared/ids.ts'
import { LiveClient, type LiveOptions } from '../../../shared/live/live-client.ts'
import { mulberry32 } from '../../../shared/mulberry32.ts'
import { launchChromium } from '../../../shared/testing/chromium.ts'
import { type FaultProxy, startFaultProxy } from '../../../shared/testing/fault-proxy.ts'
import { type Signalman, startSignalman } from '../../../stacks/local/edge/testing/signalman.ts'
import { openTenant } from '../testing/tenant.ts'

const SEED = Number(process.env.SEED ?? 7)
const CLIENTS = 12
const STREAMS = 8
const ROUNDS = 25

let signalman: Signalman
let proxy: FaultProxy
beforeAll(async () => {
  signalman = await startSignalman()
  proxy = await startFaultProxy(Number(new URL(signalman.edge.url).port))
})
afterAll(async () => {
  await proxy[Symbol.asyncDispose]()
  await signalman[Symbol.asyncDispose]()
})

function openClient(tenant_id: string, url: string, options: Partial<LiveOptions> = {}) {
  const troubles: unknown[] = []
  const live = new LiveClient({
    url,
    ticket: () => signalman.ticket(tenant_id),
    onTrouble: (error) => troubles.push(error),
    random: () => 0.01,
    ...options,
  })
  onTestFinished(() => live.close())
  return { live, troubles }
}

/** What a subscription hears, in a test's hands. */
function listen(live: LiveClient, filter: Filter) {
  const heard = { events: [] as LiveEvent[], backlog: [] as LiveEvent[], states: [] as LiveEvent[][] }
  const stopListening = live.subscribe(filter, {
    onState: (states) => heard.states.push(states),
    onEvent: (event) => heard.events.push(event),
    onBacklog: (events) => {
      heard.backlog.push(...events)
      heard.events.push(...events)
    },
  })
  return { ...heard, stopListening }
}

test(`clients whose connections break hear everything that they want, in order and once (seed ${SEED})`, async () => {
  const roll = mulberry32(SEED)
  const { tenant_id, feed } = openTenant(signalman)
  const streams = Array.from({ length: STREAMS }, () => newId('stream'))
  const pick = <T>(from: readonly T[]) => from[Math.floor(roll() * from.length)] as T
  const clients = Array.from({ length: CLIENTS }, () => {
    const { live, troubles } = openClient(tenant_id, `http://127.0.0.1:${proxy.port}`)
    const filters: Filter[] =
      roll() < 0.3 ? [{}] : [{ streams: [pick(streams)] }, { streams: [pick(streams)], types: ['stream-buffer'] }]
    return { troubles, heard: filters.map((filter) => ({ filter, ...listen(live, filter) })) }
  })
  const all = clients.flatMap(({ heard }) => heard)
  await expect.poll(() => all.every(({ states }) => states.length > 0), { timeout: 10_000 }).toBe(true)
  const fed: LiveEvent['event_id'][] = []
  const about = new Map<string, { stream_id: string | null; event_type: string }>()
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 5 === 3) proxy.spoil('reset')
    const events = Array.from({ length: 1 + Math.floor(roll() * 20) }, () => ({
      stream_id: pick(streams),
      event_type: pick(['stream-lifecycle', 'stream-buffer'] as const),
    }))
    for (const { event } of await feed(...events)) {
      fed.push(event.event_id)
      about.set(event.event_id, event)
    }
    if (round % 5 === 4) proxy.mend()
  }
  proxy.mend()
  const wanted = ({ streams: some, types }: Filter) =>
    fed.filter((id) => {
      const { stream_id = null, event_type = '' } = about.get(id) ?? {}
      return (!some || some.includes(stream_id ?? '')) && (!types || types.some((type) => type === event_type))
    })
  for (const { filter, events } of all) {
    await expect.poll(() => events.map(({ event_id }) => event_id), { timeout: 15_000 }).toEqual(wanted(filter))
  }
  expect(clients.some(({ troubles }) => troubles.length > 0)).toBe(true)
}, 60_000)

test('what was missed comes as a backlog, what happens later does not', async () => {
  const { tenant_id, feed } = openTenant(signalman)
  const { live, troubles } = openClient(tenant_id, signalman.edge.url)
  const heard = listen(live, {})
  await expect.poll(() => heard.states.length).toBe(1)
  await feed({ data: { n: 1 } })
  await expect.poll(() => heard.events.length).toBe(1)
  const stopped = signalman.restart()
  await expect.poll(() => troubles.length).toBeGreaterThan(0)
  await stopped
  await feed({ data: { n: 2 } }, { data: { n: 3 } })
  await expect.poll(() => heard.events.map(({ data }) => data.n), { timeout: 15_000 }).toEqual([1, 2, 3])
  await feed({ data: { n: 4 } })
  await expect.poll(() => heard.events.length).toBe(4)
  expect(heard.backlog.every(({ data }) => data.n === 2 || data.n === 3)).toBe(true)
  heard.stopListening()
  const rest = listen(live, { types: ['stream-end'] })
  await expect.poll(() => rest.states.length).toBe(1)
  await feed({ data: { n: 5 } }, { event_type: 'stream-end', data: { n: 6 } })
  await expect.poll(() => rest.events.map(({ data }) => data.n)).toEqual([6])
  expect(heard.events).toHaveLength(4)
})

test('a connection that falls silent is given up for another', async () => {
  const { tenant_id, feed } = openTenant(signalman)
  const patience = { pingIntervalMs: 50, answerWaitMs: 200 }
  const { live, troubles } = openClient(tenant_id, `http://127.0.0.1:${proxy.port}`, patience)
  const heard = listen(live, {})
  await expect.poll(() => heard.states.length).toBe(1)
  proxy.spoil('half-open')
  await feed({ data: { n: 1 } })
  // The next connection comes to nothing either, as long as nobody is heard.
  await expect.poll(() => troubles.length).toBeGreaterThan(1)
  proxy.mend()
  await expect.poll(() => heard.events.map(({ data }) => data.n), { timeout: 10_000 }).toEqual([1])
})

test('a ticket that is not to be had is asked for again', async () => {
  const { tenant_id, feed } = openTenant(signalman)
  let refusals = 3
  const ticket = async () => {
    if (refusals-- > 0) throw new Error('no ticket now')
    return signalman.ticket(tenant_id)
  }
  const { live, troubles } = openClient(tenant_id, signalman.edge.url, { ticket })
  const heard = listen(live, {})
  await expect.poll(() => heard.states.length).toBe(1)
  expect(troubles).toHaveLength(3)
  await feed({ data: { n: 1 } })
  await expect.poll(() => heard.events.length).toBe(1)
})

test('a browser hears the same', async () => {
  const { tenant_id, feed } = openTenant(signalman)
  const { outputFiles } = await build({
    entryPoints: [new URL('../../../shared/live/live-client.ts', import.meta.url).pathname],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'live',
  })
  await stop()
  await using browser = await launchChromium()
  const page = await browser.newPage()
  await page.addScriptTag({ content: outputFiles[0]?.text ?? '' })
  const ticket = await signalman.ticket(tenant_id)
  await page.evaluate(`
    heard = []
    new live.LiveClient({ url: ${JSON.stringify(signalman.edge.url)}, ticket: async () => ${JSON.stringify(ticket)} })
      .subscribe({}, { onState: () => heard.push('state'), onEvent: ({ data }) => heard.push(data.n) })
  `)
  const heard = () => page.evaluate('heard')
  await expect.poll(heard, { timeout: 10_000 }).toEqual(['state'])
  await feed({ data: { n: 1 } }, { data: { n: 2 } })
  await expect.poll(heard).toEqual(['state', 1, 2])
}, 30_000)
