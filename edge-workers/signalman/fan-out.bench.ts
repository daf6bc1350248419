import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocketServer } from 'ws'
import { call } from '../../shared/client/client.ts'
import { feedHub } from '../../shared/contract/signalman.ts'
import { newId } from '../../shared/ids.ts'
import { quantiles } from '../../shared/testing/compare.ts'
import { startSignalman } from '../../stacks/local/edge/testing/signalman.ts'
import { createLogOf } from './testing/events.ts'

/** Events to thousands of sockets, each of which wants one stream, while connections break and some do not read. */
const SOCKETS = 5_000
const STREAMS = 200
const SECONDS = 30
const EVENTS_PER_SECOND = 200
const BATCHES_PER_SECOND = 10
const BREAKS_PER_SECOND = 25
const SLOW_PERCENT = 1
/** Until the last ones who were slow have heard everything. */
const SETTLE_MS = 10_000

const streams = Array.from({ length: STREAMS }, () => newId('stream'))
const now = () => performance.timeOrigin + performance.now()
const say = (text: string) => process.stdout.write(`${text}\n`)

interface Report {
  latencies: number[]
  events: number
  faults: Record<'gaps' | 'repeats' | 'snapshots', number>
}

for (const troubled of [false, true]) {
  await ofHub(troubled)
  if (!troubled) await ofBroadcast()
}

async function ofHub(troubled: boolean): Promise<void> {
  await using signalman = await startSignalman()
  const tenant_id = newId('tenant')
  const log = createLogOf()
  const service = await signalman.identities.service('signalman-feed', 'signalman')
  const client = { service: 'signalman', baseUrl: new URL(signalman.edge.url), token: async () => service }
  const url = `${signalman.edge.url.replace('http', 'ws')}/ws`
  const crowd = await gather({ url, token: await signalman.identities.user(tenant_id), bare: false, troubled })
  const tell = async (told: { stream_id: string; data: object }[]) =>
    void (await call(client, feedHub, { tenant_id, events: log.write(...told) }))
  const report = await measure(crowd, tell)
  const memory = execFileSync('ps', ['-C', 'workerd', '-o', 'rss=']).toString().trim().split('\n').map(Number)
  const name = troubled ? `with ${BREAKS_PER_SECOND} breaks a second and ${SLOW_PERCENT} % slow` : 'quiet'
  quantiles(`hub, ${name}, event to socket`, report.latencies)
  say(`  ${report.events} delivered, ${JSON.stringify(report.faults)}, ${Math.round(Math.max(...memory) / 1024)} MiB`)
}

/** The other side: the `ws` package, which looks up who wants a stream and sends. */
async function ofBroadcast(): Promise<void> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  await once(server, 'listening')
  const wanted = new Map(streams.map((stream) => [stream, new Set<import('ws').WebSocket>()]))
  server.on('connection', (socket, request) => wanted.get(String(request.headers['x-stream']))?.add(socket))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const crowd = await gather({ url: `ws://127.0.0.1:${port}`, token: '', bare: true, troubled: false })
  let seq = 0
  const report = await measure(crowd, async (told) => {
    for (const { stream_id, data } of told) {
      const text = JSON.stringify({ type: 'events', events: [{ seq: ++seq, stream_id, data }] })
      for (const socket of wanted.get(stream_id) ?? []) socket.send(text)
    }
  })
  quantiles('bare ws, quiet, event to socket', report.latencies)
  say(`  ${report.events} delivered`)
  server.close()
}

async function gather(of: { url: string; token: string; bare: boolean; troubled: boolean }) {
  const child = fork(new URL('testing/crowd.ts', import.meta.url))
  const ask = async (order: object): Promise<Report> => {
    const answer = once(child, 'message')
    child.send(order)
    return (await answer)[0]
  }
  const { troubled, ...rest } = of
  const trouble = { slow_percent: troubled ? SLOW_PERCENT : 0, breaks_per_second: troubled ? BREAKS_PER_SECOND : 0 }
  await ask({ do: 'listen', ...rest, ...trouble, sockets: SOCKETS, streams })
  return { ask, end: () => child.kill() }
}

async function measure(
  crowd: Awaited<ReturnType<typeof gather>>,
  tell: (told: { stream_id: string; data: object }[]) => Promise<void>,
): Promise<Report> {
  const numbers = new Map(streams.map((stream) => [stream, 0]))
  let made = 0
  const batch = () =>
    Array.from({ length: EVENTS_PER_SECOND / BATCHES_PER_SECOND }, () => {
      const stream_id = streams[made++ % STREAMS] ?? ''
      const n = (numbers.get(stream_id) ?? 0) + 1
      numbers.set(stream_id, n)
      return { stream_id, data: { n, sent_ms: now() } }
    })
  // The first second warms up.
  for (let i = 0; i < BATCHES_PER_SECOND; i++) await tell(batch())
  await sleep(1_000)
  await crowd.ask({ do: 'report' })
  const began = performance.now()
  for (let i = 0; i < SECONDS * BATCHES_PER_SECOND; i++) {
    await sleep(Math.max(0, began + (i * 1_000) / BATCHES_PER_SECOND - performance.now()))
    await tell(batch())
  }
  await sleep(SETTLE_MS)
  const report = await crowd.ask({ do: 'report' })
  await crowd.ask({ do: 'leave' })
  crowd.end()
  return report
}
