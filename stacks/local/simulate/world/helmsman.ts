import { readFile } from 'node:fs/promises'
import { ConnectError } from '@connectrpc/connect'
import { Registry } from 'prom-client'
import { Gate } from '../../../../node-sidecar/control-plane/gate.ts'
import { DeadLetters } from '../../../../node-sidecar/journal/dead-letters.ts'
import { Journal } from '../../../../node-sidecar/journal/journal.ts'
import { makeFolder } from '../../../../node-sidecar/journal/make-folder.ts'
import { createMetrics } from '../../../../node-sidecar/metrics.ts'
import { MistApi } from '../../../../node-sidecar/mist/api.ts'
import { createDoor } from '../../../../node-sidecar/mist/door.ts'
import { Watch } from '../../../../node-sidecar/mist/watch.ts'
import { Reconciler } from '../../../../node-sidecar/reconcile/reconciler.ts'
import { PUBLISH_TIMEOUT_MS, type Publish } from '../../../../node-sidecar/ship/decklog.ts'
import { Shipper } from '../../../../node-sidecar/ship/shipper.ts'
import { readOrigins } from '../../../../node-sidecar/sources/origins.ts'
import { Publishers } from '../../../../node-sidecar/sources/publishers.ts'
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

/** Helmsman's parts, put together as `helmsman.ts` does, in a simulated process. */
export async function startHelmsman(process: Process, options: HelmsmanOptions): Promise<void> {
  const { node_id, network, truth, mutation } = options
  const { clock } = process.machine
  const log = createLog('helmsman')
  await makeFolder(STATE_PATH)
  const journal = await Journal.open({
    folder: `${STATE_PATH}/journal`,
    log,
    segmentBytesMax: SEGMENT_BYTES_MAX,
    bytesMax: JOURNAL_BYTES_MAX,
  })
  const reconciler = await Reconciler.open({ node_id, path: `${STATE_PATH}/open.json`, journal, log })
  if (mutation === 'no-reconciliation') forget(reconciler)
  noteWitnessed(reconciler, options)
  const deadLetters = new DeadLetters(`${STATE_PATH}/dead-letters.jsonl`)
  const metrics = createMetrics(new Registry())
  const common = { node_id, journal, reconciler, deadLetters, metrics, clock, log }
  const publish = connect(process, options)
  const shipper = new Shipper({ ...common, publish, batchEventsMax: BATCH_EVENTS_MAX })
  const commodore = { service: 'commodore', baseUrl: new URL('http://control-plane'), token: async () => 'token' }
  const gate = new Gate({ commodore, clock, log })
  const api = new MistApi({ url: new URL(`http://mist-${node_id}`) })
  const publishers = new Publishers(() => readOrigins(api))
  const watch = new Watch({ ...common, api, publishers })
  const door = createDoor({
    ...common,
    gate,
    publishers,
    peerOf: () => '127.0.0.1',
    record: (events) => reconciler.journal(events),
    onStreamChange: () => watch.streamChanged(),
  })
  network.serve(doorOf(node_id), process, {
    fetch: async (request: Request) => {
      const response = await door.fetch(request)
      const notice = truth.notices.get(request.headers.get('x-sim-notice') ?? '')
      if (notice !== undefined && response.status === 200) truth.taken(notice)
      return response
    },
  })
  shipper.start()
  watch.start(new URL(`http://${doorOf(node_id)}`))
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
  reconciler.seeSessions = (samples, at) => see(samples, new Date(at.getTime() % 1_000))
}
