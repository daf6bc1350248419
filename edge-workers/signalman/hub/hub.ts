import { DurableObject } from 'cloudflare:workers'
import { z } from 'zod'
import type { Variables } from '../../../shared/config.ts'
import { ClientFrame, type FedEvent, Filter, LiveEventType, Position } from '../../../shared/contract/signalman.ts'
import {
  CLIENT_FRAME_CHARS_MAX,
  CONNECTION_LIFE_MS,
  SILENCE_MS_MAX,
  SUBSCRIPTIONS_MAX,
} from '../../../shared/contract/signalman-limits.ts'
import { Interest } from '../../../shared/live/interest.ts'
import { Audience } from './audience.ts'
import { openEventStream } from './event-stream.ts'
import { History } from './history.ts'
import { CONNECTIONS_MAX, SWEEP_INTERVAL_MS } from './limits.ts'
import { type KeptPeer, type Line, Peer } from './peer.ts'
import { States } from './states.ts'
import { Tickets } from './tickets.ts'

/** By which the Worker says what a client may see; the object is reached through the Worker alone. */
export const VISIBLE_HEADER = 'x-visible'

/** By which it says what a reader of a stream wants. */
export const WANTED_HEADER = 'x-wanted'
/** The one subscription of a stream. */
const STREAM_ID = 'events'

export const Wanted = z.object({ filter: Filter, after: Position.nullable() })
const Visible = z.array(LiveEventType)
type Subscribe = Extract<z.output<typeof ClientFrame>, { type: 'subscribe' }>
type Resume = Extract<z.output<typeof ClientFrame>, { type: 'resume' }>

const Attachment = z.object({ id: z.string() })

/** A tenant's hub: the one sequence of its events, and everybody who listens to it. */
export class Hub extends DurableObject<Variables> {
  readonly #history: History
  readonly #states: States
  readonly #audience: Audience
  readonly #tickets: Tickets
  readonly #sql: SqlStorage
  readonly #peers = new Map<WebSocket, Peer>()
  /** Peers of sockets. */
  readonly #sockets = new WeakSet<Peer>()
  #swept_at_ms = Date.now()

  constructor(state: DurableObjectState, env: Variables) {
    super(state, env)
    const { sql } = state.storage
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS peers (id TEXT PRIMARY KEY, kept TEXT NOT NULL) STRICT')
    this.#history = new History(sql)
    this.#states = new States(sql)
    this.#tickets = new Tickets(sql)
    this.#audience = new Audience(this.#history, this.#states)
    state.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'))
    this.#wakeUp()
  }

  /** Takes events from the log and tells those that are new; how many they were. */
  feed(events: readonly FedEvent[]): number {
    const now_ms = Date.now()
    const added = this.#history.add(events, now_ms)
    this.#states.take(added, now_ms)
    this.#sweep(now_ms)
    for (const slow of this.#audience.tell(added, now_ms)) this.#keep(slow)
    return added.length
  }

  /** Uses a ticket up; false when it was used before. `until_ms` is when it ends by itself. */
  redeem(id: string, until_ms: number): boolean {
    return this.#tickets.redeem(id, until_ms, Date.now())
  }

  /** Opens a client's connection: a socket, or a stream of events where a subscription comes with it. 429 when there are too many. */
  override fetch(request: Request): Response {
    const now_ms = Date.now()
    this.#sweep(now_ms)
    if (this.#audience.size >= CONNECTIONS_MAX) return new Response(null, { status: 429 })
    const visible = Visible.parse(JSON.parse(request.headers.get(VISIBLE_HEADER) ?? '[]'))
    const wanted = request.headers.get(WANTED_HEADER)
    if (wanted !== null) return this.#stream(visible, Wanted.parse(JSON.parse(wanted)), now_ms)
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    const id = crypto.randomUUID()
    server.serializeAttachment({ id })
    const expires_at_ms = now_ms + CONNECTION_LIFE_MS
    const peer = this.#open(server, id, { visible, expires_at_ms, subscriptions: [], behind_at: null }, now_ms)
    this.#keep(peer)
    const { epoch, seq } = this.#history
    peer.tell({ type: 'hello', epoch, seq, expires_in_ms: CONNECTION_LIFE_MS })
    return new Response(null, { status: 101, webSocket: client })
  }

  /** Events to one reader, as long as it reads; the object does not sleep meanwhile. */
  #stream(visible: readonly LiveEventType[], { filter, after }: z.infer<typeof Wanted>, now_ms: number): Response {
    const { epoch, seq } = this.#history
    const { line, body } = openEventStream(epoch, {
      onRoom: () => this.#acknowledge(peer, Number.POSITIVE_INFINITY, Date.now()),
      onGone: () => this.#audience.remove(peer),
    })
    const expires_at_ms = now_ms + CONNECTION_LIFE_MS
    const kept: KeptPeer = { visible, expires_at_ms, subscriptions: [], behind_at: null }
    const peer: Peer = new Peer(crypto.randomUUID(), line, kept, { seq, now_ms })
    if (after !== null && this.#history.reaches(after)) {
      peer.interests.set(STREAM_ID, new Interest(filter, visible, after.seq))
      this.#audience.resume(peer, after.seq, now_ms)
    } else {
      const interest = new Interest(filter, visible, seq)
      peer.interests.set(STREAM_ID, interest)
      this.#audience.snapshot(peer, STREAM_ID, interest, after === null ? 'fresh' : 'too_old')
    }
    this.#audience.place(peer)
    return new Response(body)
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const now_ms = Date.now()
    const peer = this.#peers.get(socket)
    if (peer === undefined) return
    const json = readJson(message)
    if (json === undefined) this.#end(socket, 'unreadable')
    else if (!peer.mayTalk(now_ms)) this.#end(socket, 'talkative')
    else if (now_ms >= peer.expires_at_ms) this.#end(socket, 'expired')
    else this.#hear(peer, json, now_ms)
  }

  /** Answers a client that hangs up; without it the connection would stay half open until this object sleeps. */
  override webSocketClose(socket: WebSocket): void {
    this.#forget(socket)
    socket.close()
  }

  override webSocketError(socket: WebSocket): void {
    this.#forget(socket)
  }

  #hear(peer: Peer, json: unknown, now_ms: number): void {
    const frame = ClientFrame.safeParse(json)
    if (!frame.success) {
      const [issue] = frame.error.issues
      const detail = `/${issue?.path.join('/') ?? ''} ${issue?.message ?? ''}`
      peer.tell({ type: 'error', code: 'invalid_frame', detail, ...idOf(json) })
    } else if (frame.data.type === 'subscribe') this.#subscribe(peer, frame.data)
    else if (frame.data.type === 'resume') this.#resume(peer, frame.data, now_ms)
    else if (frame.data.type === 'unsubscribe') this.#unsubscribe(peer, frame.data.id)
    else this.#acknowledge(peer, frame.data.seq, now_ms)
  }

  #subscribe(peer: Peer, { type: _, id, ...filter }: Subscribe): void {
    const refusal = refusalOf(peer, id, filter)
    if (refusal !== undefined) {
      peer.tell({ type: 'error', ...refusal, id })
      return
    }
    const interest = new Interest(filter, peer.visible, this.#history.seq)
    peer.interests.set(id, interest)
    this.#audience.snapshot(peer, id, interest, 'fresh')
    this.#audience.place(peer)
    this.#keep(peer)
  }

  #resume(peer: Peer, { after, subscriptions }: Resume, now_ms: number): void {
    if (peer.interests.size > 0) {
      peer.tell({ type: 'error', code: 'conflict', detail: 'The connection has subscriptions of its own.' })
      return
    }
    const reaches = this.#history.reaches(after)
    for (const { id, since, ...filter } of subscriptions) {
      const refusal = refusalOf(peer, id, filter)
      if (refusal !== undefined) peer.tell({ type: 'error', ...refusal, id })
      else peer.interests.set(id, new Interest(filter, peer.visible, reaches ? since : this.#history.seq))
    }
    if (reaches) this.#audience.resume(peer, after.seq, now_ms)
    else for (const [id, interest] of peer.interests) this.#audience.snapshot(peer, id, interest, 'too_old')
    this.#audience.place(peer)
    this.#keep(peer)
  }

  #unsubscribe(peer: Peer, id: string): void {
    peer.interests.delete(id)
    this.#audience.place(peer)
    this.#keep(peer)
    peer.tell({ type: 'unsubscribed', id })
  }

  #acknowledge(peer: Peer, seq: number, now_ms: number): void {
    if (!this.#audience.acknowledge(peer, seq, now_ms)) return
    this.#audience.catchUp(peer, now_ms)
    this.#keep(peer)
  }

  /** What has a socket is kept through a sleep; a stream ends with the object. */
  #open(socket: WebSocket, id: string, kept: KeptPeer, now_ms: number): Peer {
    const peer = new Peer(id, lineOf(socket), kept, { seq: this.#history.seq, now_ms })
    this.#peers.set(socket, peer)
    this.#sockets.add(peer)
    this.#audience.place(peer)
    return peer
  }

  /** After a sleep: who listened listens still. */
  #wakeUp(): void {
    const now_ms = Date.now()
    const rows = this.#sql.exec<{ id: string; kept: string }>('SELECT id, kept FROM peers').toArray()
    const kept = new Map(rows.map(({ id, kept: text }) => [id, JSON.parse(text) as KeptPeer]))
    const open = new Set<string>()
    for (const socket of this.ctx.getWebSockets()) {
      const id = idOfSocket(socket)
      const of = kept.get(id)
      if (of === undefined) socket.close(1011, 'forgotten')
      else this.#open(socket, id, of, now_ms)
      open.add(id)
    }
    for (const id of kept.keys()) if (!open.has(id)) this.#sql.exec('DELETE FROM peers WHERE id = ?', id)
  }

  #keep(peer: Peer): void {
    if (!this.#sockets.has(peer)) return
    this.#sql.exec('INSERT OR REPLACE INTO peers (id, kept) VALUES (?, ?)', peer.id, JSON.stringify(peer.kept()))
  }

  #end(socket: WebSocket, why: Parameters<Peer['close']>[0]): void {
    this.#peers.get(socket)?.close(why)
    this.#forget(socket)
  }

  #forget(socket: WebSocket): void {
    const peer = this.#peers.get(socket)
    if (peer === undefined) return
    this.#audience.remove(peer)
    this.#peers.delete(socket)
    this.#sql.exec('DELETE FROM peers WHERE id = ?', peer.id)
  }

  #sweep(now_ms: number): void {
    if (now_ms - this.#swept_at_ms < SWEEP_INTERVAL_MS) return
    this.#swept_at_ms = now_ms
    this.#audience.sweep(now_ms)
    for (const [socket, peer] of this.#peers) {
      const pinged = this.ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0
      if (now_ms - Math.max(pinged, peer.heard_at_ms) >= SILENCE_MS_MAX) this.#end(socket, 'silent')
      else if (socket.readyState !== WebSocket.OPEN) this.#forget(socket)
    }
  }
}

/** Why a client may not have a subscription; undefined when it may. */
function refusalOf(peer: Peer, id: string, { types = [] }: Filter): { code: string; detail: string } | undefined {
  const hidden = types.filter((type) => !peer.visible.includes(type))
  if (hidden.length > 0) return { code: 'forbidden', detail: `You may not see ${hidden.join(', ')}.` }
  if (peer.interests.has(id)) return { code: 'conflict', detail: 'There is a subscription of this id.' }
  if (peer.interests.size < SUBSCRIPTIONS_MAX) return undefined
  return { code: 'too_many_subscriptions', detail: `A connection has at most ${SUBSCRIPTIONS_MAX}.` }
}

function lineOf(socket: WebSocket): Line {
  return {
    send: (text) => {
      // One that has just been closed at the other end throws; its close comes next.
      if (socket.readyState === WebSocket.OPEN) socket.send(text)
    },
    close: (code, reason) => socket.close(code, reason),
  }
}

function idOfSocket(socket: WebSocket): string {
  return Attachment.parse(socket.deserializeAttachment()).id
}

/** The id that a frame names, to which a refusal then belongs. */
function idOf(json: unknown): { id?: string } {
  const read = z.object({ id: z.string() }).safeParse(json)
  return read.success ? { id: read.data.id } : {}
}

/** Undefined for what no client of ours would send. */
function readJson(message: string | ArrayBuffer): unknown {
  if (typeof message !== 'string' || message.length > CLIENT_FRAME_CHARS_MAX) return undefined
  try {
    return JSON.parse(message)
  } catch {
    return undefined
  }
}
