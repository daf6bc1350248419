import type { ClientFrame, Filter, LiveEvent, ServerFrame, SnapshotReason } from '../contract/signalman.ts'
import { ACKNOWLEDGE_CHARS, ACKNOWLEDGE_MS, PING_INTERVAL_MS } from '../contract/signalman-limits.ts'
import { Interest } from './interest.ts'

/** How long an answer may take, to a connection or to a `ping`, ms. */
const ANSWER_WAIT_MS = 10_000
/** The first pause before another connection, and the longest, ms; each is a random part of twice the one before. */
const PAUSE_FIRST_MS = 500
const PAUSE_MAX_MS = 30_000

export type LiveStatus = 'connecting' | 'live' | 'closed'

export interface LiveOptions {
  /** Signalman's own base URL. */
  url: string | URL
  /** Gets a ticket of Commodore's `POST /signalman/tickets`; asked for each connection. */
  ticket: () => Promise<string>
  onStatus?: (status: LiveStatus) => void
  /** Told when no ticket is to be had, or a connection breaks; another try follows by itself. */
  onTrouble?: (error: unknown) => void
  random?: () => number
  /** How often it is asked whether anybody is there, and how long an answer may take, ms. */
  pingIntervalMs?: number
  answerWaitMs?: number
}

export interface Handlers {
  /** How everything is, at first and whenever what was missed cannot be told one by one. */
  onState: (states: LiveEvent[], reason: SnapshotReason) => void
  onEvent: (event: LiveEvent) => void
  /** What happened while there was no connection, in order; to `onEvent`, one by one, if absent. */
  onBacklog?: (events: LiveEvent[]) => void
  /** Why there is no such subscription. */
  onRefused?: (refusal: { code: string; detail: string }) => void
}

interface Subscription {
  id: string
  interest: Interest
  handlers: Handlers
  /** What came of a snapshot until its last frame; null once it has had one. */
  snapshot: LiveEvent[] | null
}

/** A tenant's events as they happen: hears each once and in order, and goes on where it was when a connection breaks. */
export class LiveClient {
  readonly #options: LiveOptions
  readonly #subscriptions = new Map<string, Subscription>()
  #socket: WebSocket | undefined
  /** The name of the sequence and the last event that came, or where the first connection began. */
  #position: { epoch: string; seq: number } | undefined
  /** Up to where events are a backlog. */
  #missedUntil = 0
  #made = 0
  #failures = 0
  #closed = false
  #heard = 0
  #unacknowledgedChars = 0
  #timers: { acknowledge?: Timer; ping?: Timer; answer?: Timer; pause?: Timer } = {}

  constructor(options: LiveOptions) {
    this.#options = options
    void this.#connect()
  }

  /** Hears of what meets `filter` from now on; returns how to stop that. */
  subscribe(filter: Filter, handlers: Handlers): () => void {
    const id = String(++this.#made)
    const subscription = { id, interest: new Interest(filter, undefined, 0), handlers, snapshot: [] }
    this.#subscriptions.set(id, subscription)
    this.#say({ type: 'subscribe', id, ...filter })
    return () => {
      if (this.#subscriptions.delete(id)) this.#say({ type: 'unsubscribe', id })
    }
  }

  close(): void {
    this.#closed = true
    this.#stopTimers()
    this.#socket?.close()
    this.#options.onStatus?.('closed')
  }

  async #connect(): Promise<void> {
    this.#options.onStatus?.('connecting')
    try {
      const ticket = await this.#options.ticket()
      if (this.#closed) return
      const url = new URL('/ws', this.#options.url)
      url.protocol = url.protocol.replace('http', 'ws')
      url.searchParams.set('ticket', ticket)
      const socket = new WebSocket(url)
      this.#socket = socket
      this.#expectAnswer(socket)
      socket.addEventListener('message', ({ data }) => this.#hear(socket, String(data)))
      socket.addEventListener('close', ({ code, reason }) => {
        if (this.#socket === socket) this.#again(new Error(`The connection is over: ${code} ${reason}`))
      })
    } catch (error) {
      this.#again(error)
    }
  }

  /** Another connection, after a pause that spreads clients which all lost theirs at once. */
  #again(error: unknown): void {
    this.#stopTimers()
    this.#socket = undefined
    if (this.#closed) return
    this.#options.onTrouble?.(error)
    const { random = Math.random } = this.#options
    const pause = random() * Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** this.#failures++)
    this.#timers.pause = setTimeout(() => void this.#connect(), pause)
  }

  #hear(socket: WebSocket, text: string): void {
    if (socket !== this.#socket) return
    if (text === 'pong') {
      this.#answered()
      return
    }
    const frame: ServerFrame = JSON.parse(text)
    if (frame.type === 'hello') this.#begin(frame)
    if (frame.type === 'resumed') this.#missedUntil = frame.seq
    if (frame.type === 'snapshot') this.#takeSnapshot(frame)
    if (frame.type === 'events') this.#takeEvents(frame.events)
    if (frame.type === 'error') this.#takeError(frame)
    this.#acknowledgeInTime(text.length)
  }

  #begin({ epoch, seq }: Extract<ServerFrame, { type: 'hello' }>): void {
    this.#failures = 0
    this.#answered()
    this.#options.onStatus?.('live')
    this.#timers.ping = setInterval(() => this.#ping(), this.#options.pingIntervalMs ?? PING_INTERVAL_MS)
    const after = this.#position
    const known = [...this.#subscriptions.values()].filter(({ snapshot }) => snapshot === null)
    const goesOn = after !== undefined && known.length > 0
    this.#position = goesOn && after.epoch === epoch ? after : { epoch, seq }
    if (goesOn) {
      const subscriptions = known.map(({ id, interest }) => ({ id, ...interest.filter, since: interest.since }))
      this.#say({ type: 'resume', after, subscriptions })
    }
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.snapshot === null) continue
      subscription.snapshot = []
      this.#say({ type: 'subscribe', id: subscription.id, ...subscription.interest.filter })
    }
  }

  #takeSnapshot({ id, seq, state, more, reason }: Extract<ServerFrame, { type: 'snapshot' }>): void {
    this.#heard = seq
    const subscription = this.#subscriptions.get(id)
    if (subscription === undefined) return
    subscription.snapshot = [...(subscription.snapshot ?? []), ...state]
    if (more) return
    const states = subscription.snapshot
    subscription.snapshot = null
    subscription.interest = new Interest(subscription.interest.filter, undefined, seq)
    // Everything before is in it; with a fresh one, other subscriptions may be owed events yet.
    if (reason !== 'fresh') this.#moveTo(seq)
    subscription.handlers.onState(states, reason)
  }

  #takeEvents(events: LiveEvent[]): void {
    const last = events.at(-1)?.seq
    if (last === undefined) return
    this.#heard = last
    this.#moveTo(last)
    const missed = last <= this.#missedUntil
    for (const { interest, handlers } of [...this.#subscriptions.values()]) {
      const wanted = events.filter((event) => interest.wants(event))
      if (missed && handlers.onBacklog && wanted.length > 0) handlers.onBacklog(wanted)
      else for (const event of wanted) handlers.onEvent(event)
    }
  }

  #takeError({ id, code, detail }: Extract<ServerFrame, { type: 'error' }>): void {
    const subscription = id === undefined ? undefined : this.#subscriptions.get(id)
    if (subscription === undefined) this.#options.onTrouble?.(new Error(`${code}: ${detail}`))
    else {
      this.#subscriptions.delete(subscription.id)
      subscription.handlers.onRefused?.({ code, detail })
    }
  }

  #moveTo(seq: number): void {
    if (this.#position) this.#position = { epoch: this.#position.epoch, seq }
  }

  #acknowledgeInTime(chars: number): void {
    this.#unacknowledgedChars += chars
    if (this.#unacknowledgedChars >= ACKNOWLEDGE_CHARS) this.#acknowledge()
    else this.#timers.acknowledge ??= setTimeout(() => this.#acknowledge(), ACKNOWLEDGE_MS)
  }

  #acknowledge(): void {
    clearTimeout(this.#timers.acknowledge)
    delete this.#timers.acknowledge
    this.#unacknowledgedChars = 0
    this.#say({ type: 'ack', seq: this.#heard })
  }

  #ping(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    this.#socket.send('ping')
    this.#expectAnswer(this.#socket)
  }

  /** A connection on which nothing comes back is dead, though nobody says so. */
  #expectAnswer(socket: WebSocket): void {
    this.#timers.answer ??= setTimeout(() => {
      if (this.#socket === socket) this.#again(new Error('Signalman does not answer.'))
      socket.close()
    }, this.#options.answerWaitMs ?? ANSWER_WAIT_MS)
  }

  #answered(): void {
    clearTimeout(this.#timers.answer)
    delete this.#timers.answer
  }

  #say(frame: ClientFrame): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame))
  }

  #stopTimers(): void {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer)
    this.#timers = {}
  }
}

type Timer = ReturnType<typeof setTimeout>
