import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { HEARTBEAT_INTERVAL_MS } from '../../../shared/contract/foghorn.ts'
import { configureLog } from '../../../shared/log.ts'
import { compare, quantiles } from '../../../shared/testing/compare.ts'
import { startChild } from '../../../stacks/local/child.ts'
import { startEdge } from '../../../stacks/local/edge/edge.ts'
import { addStream, type Foghorn, startFoghorn } from '../../../stacks/local/edge/testing/foghorn.ts'
import { openChannel } from '../testing/channel.ts'
import { heartbeat, live, nodeId } from '../testing/hosts.ts'
import type { Lookups } from '../testing/lookups.ts'

/** One host is what MistUtilLoad's figures are of. */
const HOST_COUNTS = [1, 100, 1_000]
const STREAMS = 200
const LANES = 16
const LOOKUPS = 4_000
const ROUNDS = 5

configureLog({ pretty: false, level: 'error', write: (line) => process.stdout.write(line) })
const dataPath = await mkdtemp(join(tmpdir(), 'frameworks-bench-'))
const entry = 'edge-workers/foghorn/testing/bare-worker.ts'
{
  await using generator = startChild(new URL('../testing/load-generator.ts', import.meta.url), {})
  await using bare = await startEdge({ entry, port: 0, bindings: {}, dataPath })

  async function lookUp(lookups: Lookups): Promise<number[]> {
    generator.process.send(lookups)
    const [latencies] = await Promise.race([once(generator.process, 'message'), generator.ended])
    return z.array(z.number()).parse(latencies)
  }

  for (const hosts of HOST_COUNTS) {
    await using foghorn = await startFoghorn({ bindings: { TRUSTED_PROXIES: '1' } })
    await using cluster = await startCluster(foghorn, hosts)
    for (const keepAlive of [true, false]) {
      const asked = { paths: cluster.paths, lanes: LANES, count: LOOKUPS, keepAlive }
      const name = `${LANES} at a time, ${keepAlive ? 'connections kept' : 'a new connection each'}, hosts: ${hosts}`
      let latencies: number[] = []
      await compare({
        name,
        unit: 'look-ups',
        rounds: ROUNDS,
        ours: async () => {
          latencies = await lookUp({ ...asked, url: foghorn.edge.url })
          return LOOKUPS
        },
        bare: async () => {
          await lookUp({ ...asked, url: bare.url })
          return LOOKUPS
        },
      })
      quantiles('one look-up', latencies)
    }
  }
}
await rm(dataPath, { recursive: true, force: true })

/** Hosts that are never full, each with its part of the streams, which go on speaking over their channels. */
async function startCluster(foghorn: Foghorn, hosts: number): Promise<AsyncDisposable & { paths: string[] }> {
  const { clusterId } = addStream(foghorn)
  const streams = Array.from({ length: STREAMS }, () => addStream(foghorn, [clusterId]))
  const channels = await Promise.all(
    Array.from({ length: hosts }, async (_, host) => {
      const id = nodeId(host)
      const channel = await openChannel(foghorn.edge.url, id, await foghorn.identities.node(clusterId, id))
      const own = streams.filter((__, index) => index % hosts === host)
      const changes = { host: `edge${host}.example`, bandwidth_limit_bytes_per_second: null }
      const beat = heartbeat({ ...changes, streams: own.map(({ internal }) => live(`live+${internal}`)) })
      const speak = () => channel.say({ type: 'heartbeat', heartbeat: beat })
      speak()
      return { channel, speak }
    }),
  )
  // In turn, as hosts do that were not started at once.
  let turn = 0
  const heart = setInterval(() => channels[turn++ % hosts]?.speak(), HEARTBEAT_INTERVAL_MS / hosts)
  return {
    paths: streams.map(({ playbackId }) => `/play/${playbackId}`),
    [Symbol.asyncDispose]: async () => {
      clearInterval(heart)
      for (const { channel } of channels) channel.close()
      await Promise.all(channels.map(({ channel }) => channel.closed))
    },
  }
}
