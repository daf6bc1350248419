import { DurableObject } from 'cloudflare:workers'
import { Heartbeat } from '../../shared/contract/foghorn.ts'
import type { HostAge } from './fleet.ts'
import { CLUSTER_HOSTS_MAX, HOST_FORGET_MS } from './nodes/limits.ts'

interface Heard {
  seen_at_ms: number
  heartbeat: Heartbeat
}

/** The one writer of a cluster's state: what each of its hosts last said, kept through restarts. */
export class Cluster extends DurableObject<unknown> {
  readonly #hosts = new Map<string, Heard>()

  constructor(state: DurableObjectState, env: unknown) {
    super(state, env)
    const { sql } = state.storage
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
  beat(nodeId: string, heartbeat: Heartbeat): boolean {
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

  #forget(before_ms: number): void {
    for (const [nodeId, { seen_at_ms }] of this.#hosts) {
      if (seen_at_ms >= before_ms) continue
      this.#hosts.delete(nodeId)
      this.ctx.storage.sql.exec('DELETE FROM hosts WHERE node_id = ?', nodeId)
    }
  }
}

type HostRow = { node_id: string; seen_at_ms: number; heartbeat: string }
