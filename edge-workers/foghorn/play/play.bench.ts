import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HEARTBEAT_INTERVAL_MS } from '../../../shared/contract/foghorn.ts'
import { configureLog } from '../../../shared/log.ts'
import { compare, quantiles } from '../../../shared/testing/compare.ts'
import { startEdge } from '../../../stacks/local/edge/edge.ts'
import { addStream, startFoghorn } from '../../../stacks/local/edge/testing/foghorn.ts'
import { live, nodeId } from '../testing/hosts.ts'
import { lookUp } from '../testing/lookups.ts'

const HOSTS = 100
const STREAMS = 200
const CONNECTIONS = 16
const LOOKUPS = 4_000

configureLog({ pretty: false, level: 'error', write: (line) => process.stdout.write(line) })
await using foghorn = await startFoghorn()
const dataPath = await mkdtemp(join(tmpdir(), 'frameworks-bench-'))
await using bare = await startEdge({
  entry: 'edge-workers/foghorn/testing/bare-worker.ts',
  port: 0,
  bindings: {},
  dataPath,
})

const cluster = addStream(foghorn)
const streams = Array.from({ length: STREAMS }, () => addStream(foghorn, [cluster.clusterId]))
const beats = Array.from({ length: HOSTS }, (_, host) => ({
  node: { clusterId: cluster.clusterId, nodeId: nodeId(host) },
  streams: streams.filter((__, index) => index % HOSTS === host).map(({ internal }) => live(`live+${internal}`)),
}))
const beat = () =>
  Promise.all(beats.map(({ node, streams }, host) => foghorn.beat(node, { host: `edge${host}.example`, streams })))
await beat()
// Hosts go on speaking meanwhile, or they would be taken for gone.
const heart = setInterval(beat, HEARTBEAT_INTERVAL_MS)
const paths = streams.map(({ playbackId }) => `/play/${playbackId}`)
const options = { paths, connections: CONNECTIONS, count: LOOKUPS }
let latencies: number[] = []

await compare({
  name: `look-ups over ${CONNECTIONS} connections, ${HOSTS} hosts`,
  unit: 'look-ups',
  ours: async () => {
    latencies = await lookUp({ ...options, url: new URL(foghorn.edge.url) })
    return LOOKUPS
  },
  bare: async () => {
    await lookUp({ ...options, url: new URL(bare.url) })
    return LOOKUPS
  },
})
quantiles('one look-up', latencies)
clearInterval(heart)
await rm(dataPath, { recursive: true, force: true })
