import { DurableObject } from 'cloudflare:workers'
import type { Variables } from '../../../shared/config.ts'
import {
  type ClusterFrame,
  channelCloses,
  HOST_FRAME_CHARS_MAX,
  HostFrame,
  type HostOutcome,
} from '../../../shared/contract/commands.ts'
import type { Heartbeat, HeartbeatRefusal, Weights } from '../../../shared/contract/foghorn.ts'
import { HEALTH_INTERVAL_MS } from '../../../shared/contract/quartermaster.ts'
import { toFault } from '../../../shared/fault.ts'
import { eventId } from '../../../shared/ids.ts'
import { createLog } from '../../../shared/log.ts'
import { Channels } from '../commands/channels.ts'
import { CommandQueue } from '../commands/command-queue.ts'
import { holdersOf } from '../commands/holders.ts'
import type { Order } from '../commands/order.ts'
import { Waiting } from '../commands/waiting.ts'
import { readConfig } from '../config.ts'
import { createReportHealth, type ReportHealth } from '../nodes/health.ts'
import { CLUSTER_HOSTS_MAX } from '../nodes/limits.ts'
import type { Refresh, Snapshot } from '../pictures/snapshot.ts'
import { ClusterState, type Overview } from './cluster-state.ts'
import { Storage } from './storage.ts'

/** By which the Worker says whose channel it is; the object is reached through the Worker alone. */
export const CLUSTER_HEADER = 'x-cluster-id'
export const NODE_HEADER = 'x-node-id'

/** The one writer of a cluster's state: what each of its hosts last said and is told to do, kept through restarts. */
export class Cluster extends DurableObject<Variables> {
  readonly #storage: Storage
  readonly #state: ClusterState
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
    this.#storage = new Storage(sql)
    this.#state = new ClusterState(crypto.randomUUID(), this.#storage.read())
  }

  /** Takes a host's heartbeat, or says why not. */
  beat(clusterId: string, nodeId: string, heartbeat: Heartbeat): HeartbeatRefusal | null {
    const now_ms = Date.now()
    for (const forgotten of this.#state.forget(now_ms)) this.#storage.deleteHost(forgotten)
    const taken = this.#state.beat(nodeId, heartbeat, now_ms)
    if (typeof taken === 'string') return taken
    this.#storage.saveHost(nodeId, now_ms, taken)
    if (now_ms - this.#reported_at_ms >= HEALTH_INTERVAL_MS) this.ctx.waitUntil(this.#report(clusterId))
    return null
  }

  /** Counts whom an isolate has sent to hosts, and answers what it does not know yet. */
  refresh(refresh: Refresh): Snapshot {
    return this.#state.refresh(refresh, Date.now())
  }

  overview(): Overview {
    return this.#state.overview(Date.now())
  }

  /** What counts how much in this cluster; null for the configured weights. */
  setWeights(weights: Weights | null): void {
    this.#storage.saveWeights(weights)
    this.#state.setWeights(weights)
  }

  /** Keeps hosts, by id or address, out of balancing or takes them back; the ids of those that it found. */
  hold(host: string, on: boolean): string[] {
    const found = this.#state.hold(host, on)
    for (const nodeId of found) this.#storage.hold(nodeId, on)
    return found
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
      const reason = this.beat(cluster_id, nodeId, frame.heartbeat)
      socket.send(JSON.stringify({ type: 'heard', taken: reason === null, reason } satisfies ClusterFrame))
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
    const hosts = node_id === null ? holdersOf(this.#state.hosts(now_ms), command) : [node_id]
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
    const now_ms = Date.now()
    this.#reported_at_ms = now_ms
    try {
      this.#reportHealth ??= createReportHealth(readConfig(this.env))
      for (const { node_id, mode } of await this.#reportHealth(clusterId, this.#state.hosts(now_ms))) {
        const on = mode !== 'active'
        if (this.#state.get(node_id)?.heartbeat.draining === on) continue
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
}

/** Null for what no host of ours would send. */
function readFrame(message: string | ArrayBuffer): HostFrame | null {
  if (typeof message !== 'string' || message.length > HOST_FRAME_CHARS_MAX) return null
  try {
    return HostFrame.safeParse(JSON.parse(message)).data ?? null
  } catch {
    return null
  }
}
