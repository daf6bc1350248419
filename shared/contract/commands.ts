import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { ClusterId, NodeId } from './fields.ts'
import { Heartbeat, STREAM_NAME_CHARS_MAX } from './foghorn.ts'

/** How long a command may wait for its host, when its sender does not say. */
export const COMMAND_LIFE_MS = 60_000
/** Hosts remember what they ran for at least as long, so that nothing runs twice. */
export const COMMAND_LIFE_MS_MAX = 15 * 60_000
/** How long a sender may wait for outcomes in one call. */
export const COMMAND_WAIT_MS_MAX = 5_000
export const COMMAND_SESSIONS_MAX = 100
export const PUSH_TARGET_CHARS_MAX = 2_048
/** A channel ends after this, so that it never outlives its host's right to a token by long. */
export const CHANNEL_LIFE_MS = 15 * 60_000
/** Longest frame of a host: the fullest heartbeat fits. */
export const HOST_FRAME_CHARS_MAX = 1024 * 1024
/** Longest frame to a host. */
export const COMMAND_FRAME_BYTES_MAX = 64 * 1024

const runtime_name = z.string().min(1).max(STREAM_NAME_CHARS_MAX).describe('`live+<internal name>`')
const target = z.string().min(1).max(PUSH_TARGET_CHARS_MAX).describe('URL, credentials included')

const TerminateStream = z.object({ kind: z.literal('terminate_stream'), runtime_name })
const StopStreamSessions = z.object({ kind: z.literal('stop_sessions'), runtime_name })
const ReauthoriseSessions = z.object({ kind: z.literal('reauthorise_sessions'), runtime_name })
const StartPush = z.object({ kind: z.literal('start_push'), runtime_name, target })
const StopPush = z.object({ kind: z.literal('stop_push'), runtime_name, target })
const StopSessions = z
  .object({
    kind: z.literal('stop_sessions'),
    runtime_name: runtime_name.optional(),
    session_ids: z
      .array(z.string().min(1).max(128))
      .min(1)
      .max(COMMAND_SESSIONS_MAX)
      .optional()
      .describe('MistServer’s own'),
  })
  .refine(
    ({ runtime_name, session_ids }) => (runtime_name === undefined) !== (session_ids === undefined),
    'name the sessions by runtime_name or by session_ids',
  )
const Drain = z.object({ kind: z.literal('drain'), on: z.boolean().describe('Whether the host takes no new viewers') })

/** What concerns one stream, wherever in a cluster it runs. */
export const StreamCommand = z.discriminatedUnion('kind', [
  TerminateStream,
  StopStreamSessions,
  ReauthoriseSessions,
  StartPush,
  StopPush,
])
export type StreamCommand = z.infer<typeof StreamCommand>

/** What a media host can be told to do. */
export const Command = z.discriminatedUnion('kind', [
  TerminateStream,
  StopSessions,
  ReauthoriseSessions,
  StartPush,
  StopPush,
  Drain,
])
export type Command = z.infer<typeof Command>

export const Outcome = z.object({
  status: z.enum(['done', 'failed', 'expired']),
  reason: z.string().max(64).nullable().describe('Stable; why it failed'),
})
export type Outcome = z.infer<typeof Outcome>

// --- the channel: `GET /nodes/{node_id}/channel`, a WebSocket with the node's token

/** What a host says: how it does, and what became of a command. */
export const HostFrame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('heartbeat'), heartbeat: Heartbeat }),
  z.object({ type: z.literal('outcome'), id: z.uuid(), ...Outcome.shape }),
])
export type HostFrame = z.infer<typeof HostFrame>

/** What a host is told. A time left means the same on every machine, a time of day does not. */
export const ClusterFrame = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('heard'),
    taken: z.boolean(),
    reason: z.string().nullable().default(null).describe('Why not: `cluster_full`, `heartbeat_replayed`'),
  }),
  z.object({
    type: z.literal('command'),
    id: z.uuid(),
    expires_in_ms: z.int(),
    command: z.unknown().describe('A `Command`, perhaps one that an older host does not know'),
  }),
])
export type ClusterFrame = z.infer<typeof ClusterFrame>

/** Why a channel is closed by Foghorn. */
export const channelCloses = {
  replaced: 4000,
  expired: 4001,
  unreadable: 4002,
} as const

// --- what services call

const Timing = z.object({
  id: z.uuid().optional().describe('The same id is one command, however often it is sent'),
  expires_in_ms: z.int().min(1).max(COMMAND_LIFE_MS_MAX).default(COMMAND_LIFE_MS),
  wait_ms: z.int().min(0).max(COMMAND_WAIT_MS_MAX).default(COMMAND_WAIT_MS_MAX).describe('Longest wait for outcomes'),
})

export const CommandNode = Timing.extend({ cluster_id: ClusterId, command: Command })
export const CommandCluster = Timing.extend({ command: StreamCommand })

export const HostOutcome = z.object({
  id: z.uuid(),
  node_id: NodeId,
  status: z.enum(['pending', ...Outcome.shape.status.options]).describe('`pending` while its host has not answered'),
  reason: z.string().nullable(),
})
export type HostOutcome = z.infer<typeof HostOutcome>

export const CommandAnswer = z.object({
  commands: z.array(HostOutcome).describe('One for each host that was told; none when no host has the stream'),
})

export const commandNode = endpoint({
  method: 'POST',
  path: '/nodes/{node_id}/commands',
  request: CommandNode.extend({ node_id: NodeId }),
  response: CommandAnswer,
})

export const commandCluster = endpoint({
  method: 'POST',
  path: '/clusters/{cluster_id}/commands',
  request: CommandCluster.extend({ cluster_id: ClusterId }),
  response: CommandAnswer,
})

// --- what tenants get to see: `POST /streams/{id}/terminate` at Commodore

export const Termination = z
  .object({
    hosts: z.array(HostOutcome.omit({ id: true }).extend({ cluster_id: ClusterId })).describe('None when none has it'),
  })
  .meta({ id: 'Termination' })
