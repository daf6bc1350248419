import { DurableObject } from 'cloudflare:workers'
import type { Variables } from '../../shared/config.ts'
import {
  type Command,
  channelCloses,
  HOST_FRAME_CHARS_MAX,
  HostFrame,
  type HostOutcome,
} from '../../shared/contract/commands.ts'
import { Heartbeat } from '../../shared/contract/foghorn.ts'
import { HEALTH_INTERVAL_MS } from '../../shared/contract/quartermaster.ts'
import { toFault } from '../../shared/fault.ts'
import { eventId } from '../../shared/ids.ts'
import { createLog } from '../../shared/log.ts'
import { Channels } from './commands/channels.ts'
import { CommandQueue } from './commands/command-queue.ts'
import { holdersOf } from './commands/holders.ts'
import { Waiting } from './commands/waiting.ts'
import { readConfig } from './config.ts'
import type { HostAge } from './fleet.ts'
import { createReportHealth, type ReportHealth } from './nodes/health.ts'
import { CLUSTER_HOSTS_MAX, HOST_FORGET_MS } from './nodes/limits.ts'

interface Heard {
  seen_at_ms: number
  heartbeat: Heartbeat
}

/** A command for one host, or for all that have the stream that it names. */
export interface Order {
  id: string
  node_id: string | null
  command: Command
  expires_in_ms: number
  wait_ms: number
}

/** By which the Worker says whose channel it is; the object is reached through the Worker alone. */
export const CLUSTER_HEADER = 'x-cluster-id'
export const NODE_HEADER = 'x-node-id'

/** The one writer of a cluster's state: what each of its hosts last said and is told to do, kept through restarts. */
export class Cluster extends DurableObject<Variables> {
  readonly #hosts = new Map<string, Heard>()
  readonly #commands: CommandQueue
  readonly #channels: Channels
  readonly #waiting = new Waiting()
  readonly #log = createLog('foghorn')
  #reportHealth: ReportHealth | undefined
  #reported_at_ms = 0

  constructor(state: DurableObjectState, env: Variables) {
    super(state, env)
    const { sql } = state.storage
    this.#commands = new CommandQueue(sql)
    this.#channels = new Channels(state)
    sql.exec(
      'CREATE TABLE IF NOT EXISTS hosts (node_id TEXT PRIMARY KEY, seen_at_ms INTEGER NOT NULL, heartbeat TEXT NOT NULL) STRICT',
    )
    for (const row of sql.exec<HostRow>('SELECT node_id, seen_at_ms, heartbeat FROM hosts')) {
      // What an older version wrote may no longer be a heartbeat; the host repeats it in seconds.
      const heartbeat = Heartbeat.safeParse(JSON.parse(row.heartbeat))
      if (heartbeat.success) this.#hosts.set(row.node_id, { seen_at_ms: row.seen_at_ms, heartbeat: heartbeat.data })
    }
  }

  /** Takes a host's heartbeat; false when the cluster has no room for another host. */
  beat(clusterId: string, nodeId: string, heartbeat: Heartbeat): boolean {
    const seen_at_ms = Date.now()
    this.#forget(seen_at_ms - HOST_FORGET_MS)
    if (!this.#hosts.has(nodeId) && this.#hosts.size >= CLUSTER_HOSTS_MAX) return false
    this.#hosts.set(nodeId, { seen_at_ms, heartbeat })
    this.ctx.storage.sql.exec(
      'INSERT OR REPLACE INTO hosts (node_id, seen_at_ms, heartbeat) VALUES (?, ?, ?)',
      nodeId,
      seen_at_ms,
      JSON.stringify(heartbeat),
    )
    if (seen_at_ms - this.#reported_at_ms >= HEALTH_INTERVAL_MS) this.ctx.waitUntil(this.#report(clusterId))
    return true
  }

  /** Every host that is not forgotten, silent ones included. */
  snapshot(): HostAge[] {
    const now = Date.now()
    return Array.from(this.#hosts, ([node_id, { seen_at_ms, heartbeat }]) => ({
      node_id,
      age_ms: now - seen_at_ms,
      heartbeat,
    }))
  }

  /** Opens the channel of a host, and tells it at once what waits for it. */
  override fetch(request: Request): Response {
    const cluster_id = request.headers.get(CLUSTER_HEADER) ?? ''
    const nodeId = request.headers.get(NODE_HEADER) ?? ''
    const now_ms = Date.now()
    if (this.#channels.countBesides(nodeId) >= CLUSTER_HOSTS_MAX) return new Response(null, { status: 409 })
    const opened = this.#channels.open({ cluster_id, node_id: nodeId }, now_ms)
    for (const waiting of this.#commands.waitingFor(nodeId, now_ms)) {
      this.#channels.send(nodeId, { type: 'command', ...waiting }, now_ms)
    }
    return opened
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const frame = readFrame(message)
    if (frame === null) {
      socket.close(channelCloses.unreadable, 'unreadable')
      return
    }
    const { cluster_id, node_id: nodeId } = this.#channels.ownerOf(socket)
    const now_ms = Date.now()
    if (frame.type === 'heartbeat') {
      socket.send(JSON.stringify({ type: 'heard', taken: this.beat(cluster_id, nodeId, frame.heartbeat) }))
    } else {
      this.#commands.settle(nodeId, frame.id, frame, now_ms)
      this.#waiting.settle(frame.id)
    }
    this.#channels.endWhenOver(socket, now_ms)
  }

  /** Answers a host that hangs up; without it the connection would stay half open until this object sleeps. */
  override webSocketClose(socket: WebSocket): void {
    socket.close()
  }

  /** Queues a command, tells its hosts, and waits a little for what they answer. */
  async command({ id, node_id, command, expires_in_ms, wait_ms }: Order): Promise<HostOutcome[]> {
    const now_ms = Date.now()
    const hosts = node_id === null ? holdersOf(this.snapshot(), command) : [node_id]
    const ids = hosts.map((host) => {
      const own = { id: eventId('command', id, host), node_id: host, command, expires_in_ms }
      this.#commands.add(own, now_ms)
      const waiting = this.#commands.waitingFor(host, now_ms).find((queued) => queued.id === own.id)
      if (waiting !== undefined) this.#channels.send(host, { type: 'command', ...waiting }, now_ms)
      return own.id
    })
    await this.#wakeWhenDue()
    const pending = this.#commands.outcomes(ids).filter(({ status }) => status === 'pending')
    await this.#waiting.until(
      pending.map((outcome) => outcome.id),
      wait_ms,
    )
    return this.#commands.outcomes(ids)
  }

  override async alarm(): Promise<void> {
    for (const id of this.#commands.sweep(Date.now())) this.#waiting.settle(id)
    await this.#wakeWhenDue()
  }

  /** Tells Quartermaster how the hosts do, and hosts to drain or not as it wants; a failure is made good by the next time. */
  async #report(clusterId: string): Promise<void> {
    this.#reported_at_ms = Date.now()
    try {
      this.#reportHealth ??= createReportHealth(readConfig(this.env))
      for (const { node_id, mode } of await this.#reportHealth(clusterId, this.snapshot())) {
        const on = mode !== 'active'
        if (this.#hosts.get(node_id)?.heartbeat.draining === on) continue
        const order = { id: crypto.randomUUID(), node_id, expires_in_ms: HEALTH_INTERVAL_MS, wait_ms: 0 }
        await this.command({ ...order, command: { kind: 'drain', on } })
      }
    } catch (error) {
      this.#log.warn('hosts are not reported', { cluster_id: clusterId, code: toFault(error).reason })
    }
  }

  async #wakeWhenDue(): Promise<void> {
    const due_ms = this.#commands.nextDue()
    if (due_ms !== null) await this.ctx.storage.setAlarm(due_ms)
  }

  #forget(before_ms: number): void {
    for (const [nodeId, { seen_at_ms }] of this.#hosts) {
      if (seen_at_ms >= before_ms) continue
      this.#hosts.delete(nodeId)
      this.ctx.storage.sql.exec('DELETE FROM hosts WHERE node_id = ?', nodeId)
    }
  }
}

type HostRow = { node_id: string; seen_at_ms: number; heartbeat: string }

/** Null for what no host of ours would send. */
function readFrame(message: string | ArrayBuffer): HostFrame | null {
  if (typeof message !== 'string' || message.length > HOST_FRAME_CHARS_MAX) return null
  try {
    return HostFrame.safeParse(JSON.parse(message)).data ?? null
  } catch {
    return null
  }
}
