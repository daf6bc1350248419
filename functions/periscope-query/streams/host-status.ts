import type { z } from 'zod'
import type { HostStatus, StreamStatusValue } from '../../../shared/contract/periscope-query.ts'
import type { Registers } from './registers.ts'

type Status = z.infer<typeof StreamStatusValue>

/** A host says every ten seconds how its streams are; after this long without a word nobody knows. */
export const SILENCE_MS_MAX = 120_000
/** A host reports an end this long after the last activity, so a stream that became ready since then is a new run. */
export const END_DELAY_MS = 15_000

const PLAYING = new Set(['FULL', 'DRY', 'RECOVER'])

export interface Host {
  node_id: string
  cluster_id: string | null
  registers: Registers
}

/** The state of a stream on one host, from the newest event of each aspect. */
export function toHostStatus({ node_id, cluster_id, registers }: Host, now: Date): HostStatus {
  const updated = latest(Object.values(registers).map(({ at }) => at))
  const status = statusOf(registers, updated, now)
  const on = status !== 'offline'
  const { figures, buffer, tracks } = registers
  const current = on && isSince(figures?.at, registers.ready?.at) ? figures?.data : undefined
  return {
    node_id,
    cluster_id,
    status,
    replicated: figures?.data.replicated ?? null,
    started_at: on ? startOf(registers) : null,
    updated_at: updated.toISOString(),
    viewers: current?.viewers ?? 0,
    inputs: current?.inputs ?? 0,
    outputs: current?.outputs ?? 0,
    ingress_bytes: current?.ingress_bytes ?? null,
    egress_bytes: current?.egress_bytes ?? null,
    buffer: buffer
      ? {
          state: buffer.data.state,
          buffer_ms: buffer.data.buffer_ms,
          jitter_ms: buffer.data.jitter_ms,
          issues: buffer.data.issues,
          at: buffer.at.toISOString(),
        }
      : null,
    tracks: on ? (tracks?.data.tracks ?? []) : [],
  }
}

function statusOf({ lifecycle, buffer, ready, end }: Registers, updated: Date, now: Date): Status {
  if (!lifecycle) return 'offline'
  const endedAt = end ? end.at.getTime() - END_DELAY_MS : Number.NEGATIVE_INFINITY
  if (lifecycle.data.status === 'offline' || endedAt >= lifecycle.at.getTime()) return 'offline'
  if (now.getTime() - updated.getTime() > SILENCE_MS_MAX) return 'unknown'
  const plays = buffer !== undefined && isSince(buffer.at, ready?.at) && PLAYING.has(buffer.data.state)
  return lifecycle.data.status === 'starting' && plays ? 'live' : lifecycle.data.status
}

/** When the stream became ready, unless it went off since and its next start was not seen. */
function startOf({ ready, off }: Registers): string | null {
  if (!ready || (off && off.at > ready.at)) return null
  return ready.at.toISOString()
}

function isSince(time: Date | undefined, start: Date | undefined): boolean {
  return time !== undefined && (start === undefined || time >= start)
}

function latest(times: readonly Date[]): Date {
  return new Date(Math.max(...times.map((time) => time.getTime())))
}
