import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { z } from 'zod'
import {
  ClusterFrame,
  COMMAND_FRAME_BYTES_MAX,
  channelCloses,
  HOST_FRAME_CHARS_MAX,
  type HostFrame,
  type Outcome,
} from '../../shared/contract/commands.ts'
import type { Heartbeat } from '../../shared/contract/foghorn.ts'
import { Fault, toFault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'
import { backoffMs } from '../backoff.ts'
import type { Told } from './command-runner.ts'

export const OPEN_TIMEOUT_MS = 5_000
/** A channel on which a heartbeat is not answered in this time is given up. */
export const HEARD_TIMEOUT_MS = 3_000
/** How long a goodbye may take. */
export const CLOSE_TIMEOUT_MS = 1_000

type Heard = Extract<ClusterFrame, { type: 'heard' }>

interface ChannelOptions {
  foghorn: { baseUrl: URL; token: () => Promise<string> }
  node_id: string
  run: (told: Told) => Promise<Outcome>
  log: Log
  heardTimeoutMs?: number
}

/** The one connection to Foghorn, opened from here and again whenever it ends: heartbeats go up, commands come down. */
export class Channel implements AsyncDisposable {
  readonly #options: ChannelOptions
  readonly #stopping = new AbortController()
  #socket: WebSocket | undefined
  #hearing: PromiseWithResolvers<Heard | undefined> | undefined
  #failures = 0
  #done: Promise<void> = Promise.resolve()

  constructor(options: ChannelOptions) {
    this.#options = options
  }

  start(): void {
    this.#done = this.#keepOpen()
  }

  /** Sends a heartbeat; false when it was not heard, so that it must go another way. 409 with the reason when it is not taken. */
  async beat(heartbeat: z.input<typeof Heartbeat>): Promise<boolean> {
    const socket = this.#socket
    const frame = JSON.stringify({ type: 'heartbeat', heartbeat })
    if (socket?.readyState !== WebSocket.OPEN || frame.length > HOST_FRAME_CHARS_MAX) return false
    const hearing = Promise.withResolvers<Heard | undefined>()
    this.#hearing = hearing
    const { heardTimeoutMs = HEARD_TIMEOUT_MS } = this.#options
    // Nobody is there although the connection looks well: a new one is opened.
    const timer = setTimeout(() => socket.terminate(), heardTimeoutMs)
    socket.send(frame)
    const heard = await hearing.promise
    clearTimeout(timer)
    if (heard?.taken === false)
      throw new Fault('conflict', heard.reason ?? 'cluster_full', 'The heartbeat is not taken.')
    return heard !== undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    this.#socket?.close()
    const late = setTimeout(() => this.#socket?.terminate(), CLOSE_TIMEOUT_MS)
    await this.#done
    clearTimeout(late)
  }

  async #keepOpen(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const code = await this.#live().catch((error: unknown) => this.#noteFailure(error))
      // Its time was over, which says nothing against Foghorn.
      if (code === channelCloses.expired || signal.aborted) continue
      await sleep(backoffMs(++this.#failures), undefined, { signal }).catch(() => undefined)
    }
  }

  /** Opens a connection and resolves with its code when it ends; rejects when it cannot be opened. */
  async #live(): Promise<number> {
    const { foghorn, node_id, log } = this.#options
    const base = foghorn.baseUrl.href.replace(/^http/, 'ws').replace(/\/$/, '')
    const headers = { authorization: `Bearer ${await foghorn.token()}` }
    if (this.#stopping.signal.aborted) return channelCloses.expired
    const ended = Promise.withResolvers<number>()
    const socket = new WebSocket(`${base}/nodes/${node_id}/channel`, {
      headers,
      handshakeTimeout: OPEN_TIMEOUT_MS,
      maxPayload: COMMAND_FRAME_BYTES_MAX,
      perMessageDeflate: false,
    })
    this.#socket = socket
    socket.on('error', ended.reject)
    socket.on('close', ended.resolve)
    socket.on('open', () => log.info('channel open'))
    socket.on('message', (data) => this.#take(socket, String(data)))
    try {
      return await ended.promise
    } finally {
      this.#hearing?.resolve(undefined)
      this.#socket = undefined
    }
  }

  #take(socket: WebSocket, text: string): void {
    const frame = readFrame(text)
    if (frame === null) {
      this.#options.log.warn('a frame cannot be read')
      return
    }
    this.#failures = 0
    if (frame.type === 'heard') this.#hearing?.resolve(frame)
    else void this.#obey(socket, frame)
  }

  /** An outcome that finds the channel closed is asked for again by the next one. */
  async #obey(socket: WebSocket, { id, expires_in_ms, command }: Told): Promise<void> {
    const outcome = await this.#options.run({ id, expires_in_ms, command })
    if (socket.readyState !== WebSocket.OPEN) return
    socket.send(JSON.stringify({ type: 'outcome', id, ...outcome } satisfies HostFrame))
  }

  #noteFailure(error: unknown): undefined {
    // The first failure of a row says it all.
    if (this.#failures === 0 && !this.#stopping.signal.aborted) {
      this.#options.log.warn('no channel', { code: toFault(error).reason, error })
    }
  }
}

function readFrame(text: string): ClusterFrame | null {
  try {
    return ClusterFrame.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
