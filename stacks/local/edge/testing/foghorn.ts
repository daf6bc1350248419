import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Verdict } from '../../../../edge-workers/foghorn/play/answers.ts'
import { heartbeat, live } from '../../../../edge-workers/foghorn/testing/hosts.ts'
import { systemClock } from '../../../../shared/clock.ts'
import type { Heartbeat } from '../../../../shared/contract/foghorn.ts'
import { newId } from '../../../../shared/ids.ts'
import { randomCode } from '../../../../shared/random.ts'
import { createIdentities, type Identities } from '../../../../shared/testing/identities.ts'
import { type Edge, type EdgeOptions, startEdge } from '../edge.ts'
import {
  type CommodoreDoor,
  type DecklogDoor,
  type QuartermasterDoor,
  startCommodore,
  startDecklog,
  startQuartermaster,
} from './control-plane.ts'

/** Foghorn in real workerd with what it calls, for one test file. */
export interface Foghorn extends AsyncDisposable {
  edge: Edge
  identities: Identities
  commodore: CommodoreDoor
  quartermaster: QuartermasterDoor
  decklog: DecklogDoor
  dataPath: string
  /** Ends and starts the Worker on the same data, with `between` in the middle. */
  restart(between?: () => void): Promise<void>
  get(
    path: string,
    init?: { headers?: Record<string, string>; method?: string; body?: string; cf?: Record<string, unknown> },
  ): Promise<Answer>
  beat(node: { clusterId: string; nodeId?: string }, changes?: Partial<Heartbeat>): Promise<Answer>
}

export type Answer = Awaited<ReturnType<Edge['fetch']>>

/** `changes` replace the usual variables: by default Cloudflare stands before it. */
export async function startFoghorn(
  changes: Record<string, string> = {},
  options: Pick<EdgeOptions, 'entry' | 'isolates'> = {},
): Promise<Foghorn> {
  const identities = await createIdentities(systemClock)
  const [commodore, decklog] = [await startCommodore(identities), await startDecklog(identities)]
  const quartermaster = await startQuartermaster(identities)
  const dataPath = await mkdtemp(join(tmpdir(), 'frameworks-foghorn-'))
  const bindings = {
    COMMODORE_URL: commodore.url,
    QUARTERMASTER_URL: quartermaster.url,
    DECKLOG_URL: decklog.url,
    IDENTITY_KEY: JSON.stringify(identities.keyOf('foghorn')),
    TRUSTED_PROXIES: 'cloudflare',
    ...changes,
  }
  const start = () => startEdge({ worker: 'foghorn', port: 0, dataPath, bindings, ...options })
  const foghorn: Foghorn = {
    edge: await start(),
    identities,
    commodore,
    quartermaster,
    decklog,
    dataPath,
    restart: async (between) => {
      await foghorn.edge.stop()
      between?.()
      foghorn.edge = await start()
    },
    get: (path, init) => foghorn.edge.fetch(`http://foghorn.test${path}`, { redirect: 'manual', ...init }),
    beat: async ({ clusterId, nodeId = newId('node') }, changes) =>
      foghorn.edge.fetch(`http://foghorn.test/nodes/${nodeId}/heartbeat`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await identities.node(clusterId, nodeId)}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(heartbeat(changes)),
      }),
    [Symbol.asyncDispose]: async () => {
      await foghorn.edge.stop()
      await commodore.down()
      await decklog.down()
      await quartermaster.down()
      await rm(dataPath, { recursive: true, force: true })
    },
  }
  return foghorn
}

/** A stream of a tenant of its own, on a cluster of its own, that Commodore lets everybody play. */
export function addStream({ commodore }: Foghorn, clusterIds: readonly string[] = [newId('cluster')]) {
  const internal = randomCode(20)
  const playbackId = randomCode(16)
  const verdict: Verdict = {
    allowed: true,
    tenant_id: newId('tenant'),
    stream_id: newId('stream'),
    playback_id: playbackId,
    internal_name: internal,
    runtime_name: `live+${internal}`,
    cluster_ids: [...clusterIds],
  }
  for (const name of [playbackId, verdict.runtime_name]) commodore.verdicts.set(name, verdict)
  const [clusterId = ''] = clusterIds
  return { playbackId, clusterId, internal, onAir: { streams: [live(verdict.runtime_name)] } }
}
