import { type Gate, isRuntimeName } from '../control-plane/gate.ts'
import type { Verdict } from '../control-plane/verdict.ts'
import type { Uptime } from '../moment.ts'
import type { Publishers } from '../sources/publishers.ts'
import { type Answer, act, value } from './answer.ts'
import { ingestProtocol } from './events/ingest-events.ts'
import type { Firing } from './firing.ts'
import type { Trigger, TriggerName, TriggerPayload } from './triggers/trigger.ts'
import { isReplicating, roleOf } from './viewer.ts'

/** An answer for MistServer, and what the control plane said if it was asked. */
export interface Decision {
  answer: Answer
  verdict?: Verdict
}

export interface DecideDeps {
  gate: Gate
  publishers: Publishers
  /** Where MistServer asks for the source of a stream that is not published here; undefined when nobody can say. */
  sourceUrl?: () => URL | undefined
  /** Ends what keeps a publisher from a stream: MistServer lets none into one that it pulls from another host. */
  makeRoom?: (runtime_name: string) => Promise<void>
  /** Whether an address is that of a media host of the same platform. */
  isMediaHost?: (address: string) => boolean
  uptime: Uptime
}

/** Answers a blocking trigger. Those that nobody needs to decide get the answer that changes nothing. */
export async function decide(deps: DecideDeps, trigger: Trigger, firing: Firing): Promise<Decision> {
  const { gate } = deps
  switch (trigger.name) {
    case 'PUSH_REWRITE':
      return publish(deps, trigger.payload, firing)
    case 'PLAY_REWRITE':
      return rewrite(await play(deps, trigger.payload))
    case 'USER_NEW':
      return admit(gate, trigger.payload)
    case 'STREAM_SOURCE':
      return source(deps, trigger.payload.stream_name)
    case 'STREAM_PROCESS':
    case 'PUSH_OUT_START':
      return { answer: act('keep') }
    case 'RTMP_PUSH_REWRITE':
      return { answer: value(trigger.payload.request_url) }
    case 'DEFAULT_STREAM':
      return fallBack(gate, trigger.payload)
    default:
      return { answer: value('true') }
  }
}

/** The answer to a blocking trigger that cannot be read: closed where we decide, open where we do not. */
export function refuse(name: TriggerName, reason: string): Decision {
  switch (name) {
    case 'PUSH_REWRITE':
    case 'PLAY_REWRITE':
    case 'USER_NEW':
      return { answer: act('deny', reason) }
    case 'STREAM_SOURCE':
      return { answer: act('offline', reason) }
    case 'STREAM_PROCESS':
    case 'PUSH_OUT_START':
      return { answer: act('keep') }
    default:
      return { answer: value('true') }
  }
}

/** A media host of ours pulls for viewers who have shown their tokens to it; anybody else who comes by DTSC is a viewer. */
function play({ gate, isMediaHost }: DecideDeps, payload: TriggerPayload<'PLAY_REWRITE'>): Promise<Verdict> {
  const pulls = isReplicating(payload.connector) && isMediaHost?.(payload.host)
  return pulls ? gate.source(payload.stream_name) : gate.view(toViewer(payload))
}

function rewrite(verdict: Verdict): Decision {
  if (!verdict.allowed) return { answer: act('deny', verdict.reason), verdict }
  return { answer: value(verdict.runtime_name), verdict }
}

/**
 * Sessions of publishers and pushes are MistServer's own. A page that reads stream data is asked about like a viewer:
 * the session it opens is the one in which its viewer then plays, and MistServer does not ask again.
 */
async function admit(gate: Gate, user: TriggerPayload<'USER_NEW'>): Promise<Decision> {
  if (roleOf(user) !== 'viewer') return { answer: value('true') }
  const verdict = await gate.view(toViewer(user))
  return { answer: verdict.allowed ? value('true') : act('deny', verdict.reason), verdict }
}

async function publish(
  { gate, publishers, makeRoom, uptime }: DecideDeps,
  payload: TriggerPayload<'PUSH_REWRITE'>,
  { pid }: Firing,
): Promise<Decision> {
  const verdict = await gate.publish(toPublisher(payload))
  if (!verdict.allowed) return rewrite(verdict)
  const { runtime_name, push_targets = [] } = verdict
  const publishes = await publishers.publishes(runtime_name)
  // From here on the stream has its source on this host, so that nobody has it pulled again meanwhile.
  publishers.admit(runtime_name, pid ?? 0, push_targets, uptime())
  if (!publishes) await makeRoom?.(runtime_name)
  return rewrite(verdict)
}

/** What is published here comes from its publisher; every other stream of a tenant from a host that has it. */
async function source({ gate, publishers, sourceUrl }: DecideDeps, stream_name: string): Promise<Decision> {
  const verdict = await gate.source(stream_name)
  if (!verdict.allowed) return { answer: act('offline', verdict.reason), verdict }
  const url = isRuntimeName(stream_name) ? sourceUrl?.() : undefined
  if (url === undefined || (await publishers.publishes(stream_name))) return { answer: act('use-configured'), verdict }
  return { answer: value(`balance:${url.href}`), verdict }
}

/**
 * MistServer plays over SRT without asking PLAY_REWRITE: a playback id then comes here, as a stream that could not be
 * opened. A name of ours that could not be opened is offline, and stays so.
 */
async function fallBack(gate: Gate, payload: TriggerPayload<'DEFAULT_STREAM'>): Promise<Decision> {
  const unchanged = value(payload.default_stream)
  if (isRuntimeName(payload.stream_name)) return { answer: unchanged }
  const verdict = await gate.view(toViewer(payload))
  return { answer: verdict.allowed ? value(verdict.runtime_name) : unchanged, verdict }
}

function toPublisher({ stream_key, request_url, host }: TriggerPayload<'PUSH_REWRITE'>) {
  return { stream_key, protocol: ingestProtocol(request_url), host }
}

type Asking = Pick<TriggerPayload<'PLAY_REWRITE'>, 'stream_name' | 'host' | 'connector' | 'request_url'>

function toViewer({ stream_name, host, connector, request_url }: Asking) {
  return { stream_name, host, protocol: connector, token: tokenIn(request_url) }
}

/** Three parts: MistServer's own tokens of sessions are numbers. */
const COMPACT = /^[^.]+\.[^.]+\.[^.]+$/

/**
 * The viewer's token for a stream that asks for one. Foghorn sends it as `tkn`, which MistServer passes on from a
 * playlist to its parts; without one `tkn` is MistServer's own for its sessions, and none.
 */
function tokenIn(requestUrl: string): string {
  if (!requestUrl.includes('?')) return ''
  const query = new URLSearchParams(requestUrl.slice(requestUrl.indexOf('?') + 1).replace(/#.*$/, ''))
  const session = query.get('tkn') ?? ''
  return query.get('token') ?? query.get('jwt') ?? (COMPACT.test(session) ? session : '')
}
