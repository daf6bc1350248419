import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createLog } from '../../../shared/log.ts'
import { type MediaHost, startMediaHost } from './media-host.ts'

/** One call that a handler got, in the form of a recording. */
interface Received {
  trigger: string
  headers: IncomingHttpHeaders
  lines: string[]
}

interface Answer {
  status?: number
  headers?: Record<string, string>
  body?: string
  /** Never answers. */
  hang?: boolean
}

/** What a handler says to one call; nothing means an empty 200. */
export type Decide = (call: Received) => Answer | undefined | Promise<Answer | undefined>

/** An HTTP server that takes every trigger, notes it and answers as told. */
export async function startHandler(decide: Decide) {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const trigger = String(request.headers['x-trigger'])
    const lines = (await text(request)).split('\n')
    const call = { trigger, headers: request.headers, lines }
    received.push(call)
    const { status = 200, headers = {}, body = '', hang = false } = (await decide(call)) ?? {}
    if (!hang) response.writeHead(status, headers).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/triggers`,
    received,
    names: () => received.map(({ trigger }) => trigger),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

const BLOCKING = [
  'CONN_OPEN',
  'CONN_PLAY',
  'DEFAULT_STREAM',
  'PLAY_REWRITE',
  'PUSH_OUT_START',
  'PUSH_REWRITE',
  'RTMP_PUSH_REWRITE',
  'STREAM_LOAD',
  'STREAM_PROCESS',
  'STREAM_PUSH',
  'STREAM_READY',
  'STREAM_SOURCE',
  'STREAM_UNLOAD',
  'USER_NEW',
]
const ASYNC = [
  'CONN_CLOSE',
  'LIVE_TRACK_LIST',
  'OUTPUT_END',
  'PUSH_END',
  'PUSH_INPUT_CLOSE',
  'STREAM_BUFFER',
  'STREAM_END',
  'USER_END',
]

/** Names the stream `live+<key>` and says yes to everything else. */
export const admitAll: Decide = ({ trigger, lines }) => {
  if (trigger === 'PUSH_REWRITE') return { body: `live+${lines[2]}` }
  if (trigger === 'PLAY_REWRITE') return { body: `live+${lines[0]}` }
  if (trigger === 'RTMP_PUSH_REWRITE') return { body: lines[0] ?? '' }
  if (trigger === 'STREAM_SOURCE' || trigger === 'STREAM_PROCESS') return { body: '' }
  return { body: 'true' }
}

interface Options {
  decide?: Decide
  seed?: number
  speed?: number
  entry?: Record<string, unknown>
  attempt_timeout_ms?: number
}

/** A stand-in whose triggers all go to one handler, through the API like an operator's. */
export async function startWired({ decide = admitAll, seed = 1, speed = 200, entry = {}, ...options }: Options = {}) {
  const handler = await startHandler(decide)
  const host = await startMediaHost({
    port: 0,
    http_port: 0,
    log: createLog('media-host'),
    seed,
    speed,
    ...options,
  })
  const at = (name: string, sync: boolean) => [
    name,
    [{ handler: `${handler.url}/${name}`, sync, streams: [], ...entry }],
  ]
  const sync = BLOCKING.map((name) => at(name, true))
  const triggers = Object.fromEntries([...sync, ...ASYNC.map((name) => at(name, false))])
  await callApi(host, { config: { triggers } })
  return {
    ...host,
    handler,
    async [Symbol.asyncDispose]() {
      await host.stop()
      await handler[Symbol.asyncDispose]()
    },
  }
}

export async function callApi(host: Pick<MediaHost, 'url'>, command: object, path = '/api2') {
  const headers = { 'Content-Type': 'application/json' }
  const response = await fetch(`${host.url}${path}`, { method: 'POST', headers, body: JSON.stringify(command) })
  return (await response.json()) as Record<string, unknown>
}
