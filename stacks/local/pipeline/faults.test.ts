import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type FaultProxy,
  type NetworkFault,
  networkFaults,
  startFaultProxy,
} from '../../../shared/testing/fault-proxy.ts'
import { expectArrival } from './arrival.ts'
import { type Load, SESSIONS_FEW, startLoad } from './load.ts'
import { type Pair, type Pipeline, pairs, startPipeline } from './pipeline.ts'

const SESSIONS_BETWEEN = 60
const TIMEOUT_MS = 120_000

let pipeline: Pipeline
let load: Load
const proxies = new Map<Pair, FaultProxy>()

beforeAll(async () => {
  const between = async (pair: Pair, port: number) => {
    const proxy = await startFaultProxy(port)
    proxies.set(pair, proxy)
    return proxy.port
  }
  pipeline = await startPipeline({ between })
  load = startLoad(pipeline.door)
}, TIMEOUT_MS)

afterAll(async () => {
  await load.stop()
  await pipeline[Symbol.asyncDispose]()
  for (const proxy of proxies.values()) await proxy[Symbol.asyncDispose]()
})

/** Breaks a pair while events are under way between them. */
async function spoil(fault: NetworkFault, pair: Pair): Promise<void> {
  await load.more(SESSIONS_BETWEEN)
  proxies.get(pair)?.spoil(fault)
  // MistServer itself waits here when its pair is silent.
  await load.more(pair === 'mist-helmsman' ? SESSIONS_FEW : SESSIONS_BETWEEN)
  proxies.get(pair)?.mend()
}

// From the stores back to MistServer: a pair before a silent one would have nothing under way.
test.each(networkFaults)(
  'between any two parts, %s costs nothing that was acknowledged',
  async (fault) => {
    for (const pair of pairs.toReversed()) await spoil(fault, pair)
    await expectArrival(load, pipeline.clickhouse)
    expect(load.taken.size).toBeGreaterThan(pairs.length * SESSIONS_BETWEEN)
  },
  TIMEOUT_MS,
)
