import type { Heartbeat } from '../../shared/contract/foghorn.ts'
import { toVector, type Vector } from './geography.ts'
import { type Templates, templatesOf } from './protocol.ts'
import { hash } from './spread.ts'

/** A host above any of these takes no more viewers, whatever else speaks for it. */
export const CPU_PERCENT_MAX = 90
export const MEMORY_RATIO_MAX = 0.95
export const BANDWIDTH_RATIO_MAX = 0.9

/** What a host gets for an idle processor, empty memory and free bandwidth. */
const CPU_POINTS = 500
const MEMORY_POINTS = 500
const BANDWIDTH_POINTS = 1000

export type LoadReason = 'draining' | 'statistics_missing' | 'cpu_full' | 'memory_full' | 'bandwidth_full'

/** A host's last word and how old it is: ages mean the same on every machine, times do not. */
export interface HostAge {
  node_id: string
  age_ms: number
  heartbeat: Heartbeat
}

/** A heartbeat, and whose and how old it is on our own clock. */
export interface HostReport {
  node_id: string
  cluster_id: string
  seen_at_ms: number
  heartbeat: Heartbeat
}

/** A host with everything worked out that no request changes. */
export interface Host {
  node_id: string
  cluster_id: string
  seen_at_ms: number
  address: string
  healthy: boolean
  templates: Templates
  position: Vector | null
  /** Why it takes no viewers, when its own state says so. */
  closed: LoadReason | null
  load: { cpu: number; memory: number; bandwidth: number }
  hash: number
}

/** The hosts of one cluster, and by stream which of them (by index) media comes in to. */
export interface Fleet {
  hosts: readonly Host[]
  holders: ReadonlyMap<string, ReadonlySet<number>>
}

export function toFleet(reports: readonly HostReport[]): Fleet {
  const holders = new Map<string, Set<number>>()
  for (const [index, { heartbeat }] of reports.entries()) {
    for (const { name, inputs } of heartbeat.streams) {
      if (inputs <= 0) continue
      const held = holders.get(name)
      if (held) held.add(index)
      else holders.set(name, new Set([index]))
    }
  }
  return { hosts: reports.map(toHost), holders }
}

function toHost({ node_id, cluster_id, seen_at_ms, heartbeat }: HostReport): Host {
  const usage = usageOf(heartbeat)
  return {
    node_id,
    cluster_id,
    seen_at_ms,
    address: heartbeat.host,
    healthy: heartbeat.healthy,
    templates: templatesOf(heartbeat.outputs),
    position: toVector(heartbeat.location),
    closed: closedBy(heartbeat, usage),
    load: {
      cpu: points(CPU_POINTS, usage.cpu),
      memory: points(MEMORY_POINTS, usage.memory),
      bandwidth: points(BANDWIDTH_POINTS, usage.bandwidth),
    },
    hash: hash(node_id),
  }
}

interface Usage {
  /** 0 (idle) to 1 and above (full), or null when unknown. */
  cpu: number | null
  memory: number | null
  bandwidth: number | null
}

function usageOf(heartbeat: Heartbeat): Usage {
  const { memory_total_bytes, memory_used_bytes, shm_total_bytes, shm_used_bytes } = heartbeat
  const shmUsed = shm_used_bytes ?? 0
  const memory = ratio(memory_used_bytes === null ? null : memory_used_bytes + shmUsed, memory_total_bytes)
  // MistServer keeps media in shared memory, which has its own, often tighter, bound.
  const shm = ratio(shm_used_bytes, shm_total_bytes)
  return {
    cpu: ratio(heartbeat.cpu_percent, 100),
    memory: memory === null ? null : Math.max(memory, shm ?? 0),
    bandwidth: ratio(heartbeat.egress_bytes_per_second, heartbeat.bandwidth_limit_bytes_per_second),
  }
}

function closedBy(heartbeat: Heartbeat, { cpu, memory, bandwidth }: Usage): LoadReason | null {
  if (heartbeat.draining) return 'draining'
  if (cpu === null || memory === null) return 'statistics_missing'
  if (cpu * 100 >= CPU_PERCENT_MAX) return 'cpu_full'
  if (memory >= MEMORY_RATIO_MAX) return 'memory_full'
  if (bandwidth !== null && bandwidth >= BANDWIDTH_RATIO_MAX) return 'bandwidth_full'
  return null
}

/** What is unknown earns nothing. */
function points(most: number, used: number | null): number {
  return used === null ? 0 : most * (1 - Math.min(used, 1))
}

function ratio(part: number | null, whole: number | null): number | null {
  if (part === null || whole === null || !(part >= 0) || !(whole > 0)) return null
  const value = part / whole
  return Number.isFinite(value) ? value : null
}
