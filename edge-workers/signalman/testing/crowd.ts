import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { z } from 'zod'
import type { ClientFrame, ServerFrame } from '../../../shared/contract/signalman.ts'
import { ACKNOWLEDGE_CHARS, ACKNOWLEDGE_MS } from '../../../shared/contract/signalman-limits.ts'
import { mulberry32 } from '../../../shared/mulberry32.ts'

/** A process of its own that listens with thousands of sockets, so that who is measured shares no thread with who measures. */
const Order = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('listen'),
    url: z.string(),
    token: z.string(),
    sockets: z.number(),
    streams: z.array(z.string()),
    /** How many of a hundred read nothing for a while, again and again. */
    slow_percent: z.number(),
    /** Connections that break in a second. */
    breaks_per_second: z.number(),
    /** No hub but a bare broadcast: nothing is asked for, and nothing acknowledged. */
    bare: z.boolean(),
  }),
  z.object({ do: z.literal('report') }),
  z.object({ do: z.literal('leave') }),
])
type Listen = Extract<z.infer<typeof Order>, { do: 'listen' }>

/** What an event of the bench says: which one of its stream it is, and when it was sent (Unix ms, in parts). */
interface Told {
  n: number
  sent_ms: number
}

const SLOW_MS = 3_000
const OPENED_AT_ONCE = 50
const now = () => performance.timeOrigin + performance.now()

let latencies: number[] = []
let events = 0
const faults = { gaps: 0, repeats: 0, snapshots: 0 }

class Ear {
  readonly #order: Listen
  readonly #stream: string
  readonly #slow: boolean
  #socket: WebSocket | undefined
  #place: { epoch: string; seq: number } | undefined
  #since: number | undefined
  /** The newest of its stream's. */
  #last: number | undefined
  #missedUntil = 0
  #chars = 0
  #heard = 0
  #acknowledged_ms = 0
  #left = false

  constructor(order: Listen, stream: string, slow: boolean) {
    this.#order = order
    this.#stream = stream
    this.#slow = slow
  }

  open(): Promise<void> {
    const { url, token, bare } = this.#order
    const ready = Promise.withResolvers<void>()
    const headers = { authorization: `Bearer ${token}`, 'x-stream': this.#stream }
    const socket = new WebSocket(url, { headers, perMessageDeflate: false })
    this.#socket = socket
    if (bare) socket.on('open', ready.resolve)
    socket.on('message', (data) => {
      const text = String(data)
      this.#hear(JSON.parse(text), text.length)
      if (this.#since !== undefined) ready.resolve()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      ready.resolve()
      if (!this.#left && this.#socket === socket) void this.open()
    })
    return ready.promise
  }

  break(): void {
    this.#socket?.terminate()
  }

  leave(): void {
    this.#left = true
    this.#socket?.terminate()
  }

  /** Reads nothing for a while. */
  async pause(): Promise<void> {
    const socket = this.#socket
    if (!this.#slow || socket?.readyState !== WebSocket.OPEN) return
    socket.pause()
    await sleep(SLOW_MS)
    if (socket.readyState === WebSocket.OPEN) socket.resume()
  }

  #hear(frame: z.infer<typeof ServerFrame>, chars: number): void {
    if (frame.type === 'hello') this.#begin(frame)
    if (frame.type === 'resumed') this.#missedUntil = frame.seq
    if (frame.type === 'snapshot') {
      this.#since = frame.seq
      this.#heard = frame.seq
      if (frame.reason !== 'fresh') {
        faults.snapshots++
        this.#place = this.#place && { epoch: this.#place.epoch, seq: frame.seq }
      }
      this.#last = (frame.state.at(-1)?.data as Told | undefined)?.n ?? this.#last
    }
    if (frame.type === 'events') for (const event of frame.events) this.#take(event.seq, event.data as unknown as Told)
    if (!this.#order.bare) this.#acknowledge(chars)
  }

  #begin({ epoch, seq }: { epoch: string; seq: number }): void {
    const streams = [this.#stream]
    if (this.#place !== undefined && this.#since !== undefined) {
      this.#say({ type: 'resume', after: this.#place, subscriptions: [{ id: 's', streams, since: this.#since }] })
    } else {
      this.#place = { epoch, seq }
      this.#say({ type: 'subscribe', id: 's', streams })
    }
  }

  #take(seq: number, { n, sent_ms }: Told): void {
    if (this.#place) this.#place.seq = seq
    this.#heard = seq
    events++
    if (seq > this.#missedUntil && !this.#slow) latencies.push(now() - sent_ms)
    if (this.#last !== undefined && n > this.#last + 1) faults.gaps++
    if (this.#last !== undefined && n <= this.#last) faults.repeats++
    this.#last = n
  }

  #acknowledge(chars: number): void {
    this.#chars += chars
    const at = performance.now()
    if (this.#chars < ACKNOWLEDGE_CHARS && at - this.#acknowledged_ms < ACKNOWLEDGE_MS) return
    this.#chars = 0
    this.#acknowledged_ms = at
    this.#say({ type: 'ack', seq: this.#heard })
  }

  #say(frame: ClientFrame): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame))
  }
}

const ears: Ear[] = []
const timers: NodeJS.Timeout[] = []

async function listen(order: Listen): Promise<void> {
  const roll = mulberry32(1)
  const isSlow = (i: number) => i % 100 < order.slow_percent
  for (let i = 0; i < order.sockets; i++) {
    ears.push(new Ear(order, order.streams[i % order.streams.length] ?? '', isSlow(i)))
  }
  for (let at = 0; at < ears.length; at += OPENED_AT_ONCE) {
    await Promise.all(ears.slice(at, at + OPENED_AT_ONCE).map((ear) => ear.open()))
  }
  const any = () => ears[Math.floor(roll() * ears.length)]
  if (order.breaks_per_second > 0) timers.push(setInterval(() => any()?.break(), 1_000 / order.breaks_per_second))
  const slow = ears.filter((_, i) => isSlow(i))
  timers.push(setInterval(() => slow.forEach((ear) => void ear.pause()), 2 * SLOW_MS))
}

process.on('message', async (told) => {
  const order = Order.parse(told)
  if (order.do === 'listen') await listen(order)
  if (order.do === 'leave') {
    for (const timer of timers) clearInterval(timer)
    for (const ear of ears) ear.leave()
    ears.length = 0
  }
  process.send?.({ latencies, events, faults: { ...faults } })
  latencies = []
  events = 0
  Object.assign(faults, { gaps: 0, repeats: 0, snapshots: 0 })
})
process.once('disconnect', () => process.exit())
