import type { Heartbeat } from '../../../shared/contract/foghorn.ts'
import type { Reason } from './reasons.ts'

/** A host above this gets nobody while another can serve; alone, it goes on: a busy processor has not failed anybody yet. */
export const CPU_PERCENT_BUSY = 90
/** A host above any of these takes nobody more, whatever else speaks for it. */
export const CPU_PERCENT_MAX = 98
export const MEMORY_RATIO_MAX = 0.95
export const BANDWIDTH_RATIO_MAX = 0.9

/** What one more viewer takes where a host has not shown it, in bytes per second, and its bounds where it has. */
export const VIEWER_BYTES_DEFAULT = 131_072
export const VIEWER_BYTES_MIN = 65_536
export const VIEWER_BYTES_MAX = 1_048_576

/** What a host uses, as far as its heartbeat tells it: null is unknown. */
export interface Usage {
  cpu_percent: number | null
  /** 0 (empty) to 1 (full), the tighter of memory and shared memory. */
  memory_ratio: number | null
  egress_bytes_per_second: number | null
  /** What its bandwidth allows; null also where that is no bound. */
  limit_bytes_per_second: number | null
  viewers: number
}

export function usageOf(heartbeat: Heartbeat): Usage {
  const { memory_total_bytes, memory_used_bytes, shm_total_bytes, shm_used_bytes } = heartbeat
  const used = known(memory_used_bytes)
  const memory = ratio(used === null ? null : used + (known(shm_used_bytes) ?? 0), memory_total_bytes)
  // MistServer keeps media in shared memory, which has its own, often tighter, bound.
  const shm = ratio(shm_used_bytes, shm_total_bytes)
  const limit = known(heartbeat.bandwidth_limit_bytes_per_second)
  return {
    cpu_percent: known(heartbeat.cpu_percent),
    memory_ratio: memory === null ? null : Math.max(memory, shm ?? 0),
    egress_bytes_per_second: known(heartbeat.egress_bytes_per_second),
    limit_bytes_per_second: limit === 0 ? null : limit,
    viewers: viewersOf(heartbeat),
  }
}

/** Viewers of the whole host; a host of an older version tells those of each stream only. */
export function viewersOf({ viewers, streams }: Pick<Heartbeat, 'viewers' | 'streams'>): number {
  return viewers ?? streams.reduce((sum, stream) => sum + stream.viewers, 0)
}

/** Why a host takes nobody, by what it says of itself, bandwidth and processor left out: these depend on who comes. */
export function closedBy(state: Usage & { draining: boolean; held_out: boolean }): Reason | null {
  if (state.held_out) return 'held_out'
  if (state.draining) return 'draining'
  if (state.cpu_percent === null || state.memory_ratio === null) return 'statistics_missing'
  if (state.memory_ratio >= MEMORY_RATIO_MAX) return 'memory_full'
  return null
}

/** Why a host that is not closed takes nobody, or only when no other does. */
export function crowdedBy(usage: Usage): Reason | null {
  const { cpu_percent } = usage
  if (cpu_percent !== null && cpu_percent >= CPU_PERCENT_MAX) return 'cpu_full'
  if (roomOf(usage, viewerBytes(usage)) < 0) return 'bandwidth_full'
  return cpu_percent !== null && cpu_percent >= CPU_PERCENT_BUSY ? 'cpu_busy' : null
}

/** How much of each a host has left, 0 (nothing) to 1, when `added` bytes per second more have come. What is unknown is nothing. */
export function freeOf({ cpu_percent, memory_ratio, egress_bytes_per_second: egress, ...rest }: Usage, added: number) {
  const limit = rest.limit_bytes_per_second
  return {
    cpu: cpu_percent === null ? 0 : Math.max(0, 1 - cpu_percent / 100),
    memory: memory_ratio === null ? 0 : Math.max(0, 1 - memory_ratio),
    bandwidth: egress === null || limit === null ? 0 : Math.max(0, 1 - (egress + added) / limit),
  }
}

/** Bytes per second that a host may still be charged with, below 0 when it is full. */
export function roomOf({ egress_bytes_per_second, limit_bytes_per_second: limit }: Usage, added: number): number {
  return limit === null
    ? Number.POSITIVE_INFINITY
    : BANDWIDTH_RATIO_MAX * limit - (egress_bytes_per_second ?? 0) - added
}

/** What one more viewer of this host takes, in bytes per second, by those that it has. */
export function viewerBytes({ egress_bytes_per_second, viewers }: Usage): number {
  if (egress_bytes_per_second === null || viewers === 0) return VIEWER_BYTES_DEFAULT
  return Math.min(VIEWER_BYTES_MAX, Math.max(VIEWER_BYTES_MIN, egress_bytes_per_second / viewers))
}

function known(value: number | null): number | null {
  return value !== null && value >= 0 && Number.isFinite(value) ? value : null
}

function ratio(part: number | null, whole: number | null): number | null {
  const [used, all] = [known(part), known(whole)]
  return used === null || all === null || all === 0 ? null : used / all
}
