import { z } from 'zod'
import type { StreamLifecycle } from '../../../shared/events/stream-lifecycle.ts'
import { Fault } from '../../../shared/fault.ts'
import type { OpenStream } from '../../reconcile/snapshot.ts'
import { inSlices } from '../../slices.ts'
import type { MistApi } from '../api.ts'
import { words } from '../events/event.ts'
import { noFigures } from '../events/stream-events.ts'
import { Health } from '../triggers/health.ts'

export const STREAMS_POLL_INTERVAL_MS = 10_000

const Count = z.number().nonnegative().transform(Math.round)

const ActiveStream = z.looseObject({
  status: z.string(),
  viewers: Count,
  /** Viewers since its start. */
  views: Count,
  inputs: Count,
  outputs: Count,
  /** Null once the stream has ended, while its figures are still shown. */
  tracks: Count.nullish(),
  upbytes: Count,
  downbytes: Count,
  viewseconds: Count,
  packsent: Count,
  packloss: Count,
  packretrans: Count,
  health: z.unknown(),
  tags: z.array(z.string()).nullish(),
})

/** Null says for certain that nothing is active; a reply without the section says nothing. */
const Reply = z.looseObject({ active_streams: z.record(z.string(), z.unknown()).nullable() })

const fields = Object.keys(ActiveStream.shape)

export type StreamStates = Map<string, StreamLifecycle>

export interface ActiveStreams {
  states: StreamStates
  /** What the end of each would say if it came now. */
  totals: Map<string, OpenStream>
}

/** Every active stream with its figures; `unavailable` when MistServer does not say. */
export async function readStreams(api: MistApi): Promise<ActiveStreams> {
  const reply = Reply.safeParse(await api.call({ active_streams: { longform: true, fields } }))
  if (!reply.success) throw nonsense(reply.error)
  const shown: ActiveStreams = { states: new Map(), totals: new Map() }
  for await (const slice of inSlices(Object.entries(reply.data.active_streams ?? {}))) {
    for (const [name, figures] of slice) {
      const stream = ActiveStream.safeParse(figures)
      if (!stream.success) throw nonsense(stream.error)
      shown.states.set(name, toLifecycle(stream.data))
      shown.totals.set(name, toTotals(stream.data))
    }
  }
  return shown
}

function nonsense(cause: Error): Fault {
  return new Fault('unavailable', 'mist_nonsense', 'MistServer shows no streams.', { cause })
}

/** Streams of the poll before that are gone now: a lost notice of their end is made good by this. */
export function toVanished(now: StreamStates, before: StreamStates | null): StreamStates {
  const gone = [...(before?.keys() ?? [])].filter((name) => !now.has(name))
  const offline = { ...noFigures, status: 'offline', cause: 'poll', reason: null, input_type: null } as const
  return new Map(gone.map((name) => [name, { ...offline, viewers: 0, inputs: 0, outputs: 0 }]))
}

/** Streams whose media comes from a publisher, as far as a poll tells. */
export function namesOfOrigins(states: StreamStates): Set<string> {
  const origins = [...states].filter(([, { status, replicated }]) => status !== 'offline' && !replicated)
  return new Set(origins.map(([name]) => name))
}

/** MistServer's tag for a stream that it pulls from another host. */
export const REPLICATED = 'replicated'

function toLifecycle(stream: z.infer<typeof ActiveStream>): StreamLifecycle {
  const health = Health.safeParse(stream.health ?? {}).data
  return {
    status: toStatus(stream.status),
    cause: 'poll',
    reason: null,
    input_type: null,
    replicated: stream.tags?.includes(REPLICATED) ?? false,
    viewers: stream.viewers,
    inputs: stream.inputs,
    outputs: stream.outputs,
    tracks: stream.tracks ?? null,
    ingress_bytes: stream.downbytes,
    egress_bytes: stream.upbytes,
    viewer_seconds: stream.viewseconds,
    packets_sent: stream.packsent,
    packets_lost: stream.packloss,
    packets_retransmitted: stream.packretrans,
    buffer_ms: whole(health?.buffer),
    jitter_ms: whole(health?.jitter),
    issues: health?.issues == null ? null : words(health.issues),
  }
}

function toTotals(stream: z.infer<typeof ActiveStream>): OpenStream {
  const { downbytes: ingress_bytes, upbytes: egress_bytes, views: viewers, inputs, outputs, viewseconds } = stream
  return { ingress_bytes, egress_bytes, viewers, inputs, outputs, viewer_seconds: viewseconds }
}

export function toStatus(text: string): StreamLifecycle['status'] {
  if (text === 'Online') return 'live'
  if (text === 'Shutting down') return 'stopping'
  return text === 'Offline' || text === 'Invalid state' ? 'offline' : 'starting'
}

function whole(figure: number | null | undefined): number | null {
  return figure == null ? null : Math.round(figure)
}
