import { readFile } from 'node:fs/promises'
import { ConnectError } from '@connectrpc/connect'
import { Registry } from 'prom-client'
import { assemble } from '../../../../node-sidecar/assemble.ts'
import { MistApi } from '../../../../node-sidecar/mist/api.ts'
import { TRIGGERS_PATH } from '../../../../node-sidecar/mist/http-door.ts'
import type { TriggerRequest } from '../../../../node-sidecar/mist/trigger-call.ts'
import type { Reconciler } from '../../../../node-sidecar/reconcile/reconciler.ts'
import { PUBLISH_TIMEOUT_MS, type Publish } from '../../../../node-sidecar/ship/decklog.ts'
import { createLog } from '../../../../shared/log.ts'
import type { Network } from '../kernel/network.ts'
import type { Process } from '../kernel/process.ts'
import type { Truth } from '../truth/truth.ts'
import type { DecklogService } from './decklog.ts'
import type { Mutation } from './mutations.ts'

interface HelmsmanOptions {
  node_id: string
  cluster_id: string
  network: Network
  truth: Truth
  mutation: Mutation | undefined
}

export const STATE_PATH = '/var/lib/helmsman'
/** Small, so that a run of minutes fills, turns over and retains segments. */
const SEGMENT_BYTES_MAX = 16 * 1024
const JOURNAL_BYTES_MAX = 256 * 1024
const BATCH_EVENTS_MAX = 40

/** Helmsman's parts in a simulated process. */
export async function startHelmsman(process: Process, options: HelmsmanOptions): Promise<void> {
  const { node_id, network, truth, mutation } = options
  const parts = await assemble({
    node_id,
    statePath: STATE_PATH,
    api: new MistApi({ url: new URL(`http://mist-${node_id}`) }),
    commodore: { service: 'commodore', baseUrl: new URL('http://control-plane'), token: async () => 'token' },
    publish: connect(process, options),
    foghorn: undefined,
    host: undefined,
    isMediaHost: () => false,
    registry: new Registry(),
    clock: process.machine.clock,
    uptime: () => process.machine.uptimeMs(),
    boot: String(process.machine.starts),
    log: createLog('helmsman'),
    journalLimits: { segmentBytesMax: SEGMENT_BYTES_MAX, bytesMax: JOURNAL_BYTES_MAX },
    batchEventsMax: BATCH_EVENTS_MAX,
  })
  if (mutation === 'no-reconciliation') forget(parts.reconciler)
  noteWitnessed(parts.reconciler, options)
  network.serve(doorOf(node_id), process, {
    fetch: async (request: Request) => {
      const { status, headers, body } = await parts.door.take(await toTriggerRequest(request))
      const notice = truth.notices.get(request.headers.get('x-sim-notice') ?? '')
      if (notice !== undefined && status === 200) truth.taken(notice)
      return new Response(body, { status, headers })
    },
  })
  parts.start(new URL(`http://${doorOf(node_id)}`))
}

/** What comes in by HTTP, of which the simulated network has its own kind. */
async function toTriggerRequest(request: Request): Promise<TriggerRequest> {
  const header = (name: string) => request.headers.get(name) ?? undefined
  return { path: new URL(request.url).pathname.slice(TRIGGERS_PATH.length), header, bytes: await request.bytes() }
}

/** MistServer's handlers must look like ours, so the door has a loopback address of its own for each host. */
function doorOf(node_id: string): string {
  return `127.0.0.${node_id.replace(/\D/g, '')}`
}

/** Decklog over the simulated network, with Helmsman's own time-out. */
function connect(process: Process, { node_id, cluster_id, network, truth, mutation }: HelmsmanOptions): Publish {
  return async (events, stop) => {
    truth.ships(
      node_id,
      events.map(({ event_id }) => event_id),
    )
    const sent =
      mutation === 'ids-not-derived' ? events.map((event) => ({ ...event, event_id: crypto.randomUUID() })) : events
    const texts = (mutation === 'batches-shuffled' ? sent.toReversed() : sent).map((event) => JSON.stringify(event))
    const signal = AbortSignal.any([stop, AbortSignal.timeout(PUBLISH_TIMEOUT_MS)])
    const answer = network.call(
      process,
      'decklog',
      (decklog: DecklogService) => decklog.publish({ kind: 'node', node_id, cluster_id }, texts),
      signal,
    )
    if (mutation !== 'failures-acknowledged') return answer
    return answer.catch((error: unknown) => {
      if (error instanceof ConnectError) throw error
      return events.map(({ event_id }) => ({ event_id, accepted: true as const }))
    })
  }
}

/** Notes what the snapshot on the disk knows once the reconciler says that it is saved. */
function noteWitnessed(reconciler: Reconciler, { node_id, truth }: HelmsmanOptions): void {
  const see = reconciler.seeSessions.bind(reconciler)
  reconciler.seeSessions = async (...seen) => {
    await see(...seen)
    const { sessions, streams } = JSON.parse(await readFile(`${STATE_PATH}/open.json`, 'utf8'))
    const figuresOf = (entries: [string, { last: Record<string, never> }][]) =>
      new Map(entries.map(([key, { last }]) => [key, toFigures(last.sample ?? last)]))
    truth.witnessed('session', node_id, figuresOf(sessions))
    truth.witnessed('run', node_id, figuresOf(streams))
  }
}

function toFigures(last: Record<string, number>) {
  const { connected_seconds, viewer_seconds, egress_bytes = 0, ingress_bytes = 0 } = last
  return { seconds: connected_seconds ?? viewer_seconds ?? 0, egress_bytes, ingress_bytes }
}

function forget(reconciler: Reconciler): void {
  reconciler.seeStreams = async () => undefined
  const see = reconciler.seeSessions.bind(reconciler)
  reconciler.seeSessions = (samples, { at, up_ms }) => see(samples, { at, up_ms: up_ms % 1_000 })
}
