import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FaultProxy, networkFaults, startFaultProxy } from '../../../shared/testing/fault-proxy.ts'
import { freePort } from '../../../shared/testing/port.ts'
import { startKafka } from '../kafka/server.ts'
import { expectArrival } from './arrival.ts'
import { type Load, startLoad } from './load.ts'
import { type Pipeline, startPipeline } from './pipeline.ts'

const SESSIONS_BETWEEN = 60
const TIMEOUT_MS = 120_000

const closing = new AsyncDisposableStack()
let pipeline: Pipeline
let load: Load
/** Before the broker's doors for Decklog and for Periscope Ingest. */
let proxies: FaultProxy[]

beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'pipeline-faults-'))
  closing.defer(() => rm(dir, { recursive: true, force: true }))
  const ports = [await freePort(), await freePort()]
  proxies = await Promise.all(ports.map(async (port) => closing.use(await startFaultProxy(port))))
  const doors = ports.map((port, i) => ({ port, advertised: proxies[i]?.port ?? 0 }))
  closing.use(await startKafka({ dir, doors }))
  const [decklog = 0, ingest = 0] = doors.map(({ advertised }) => advertised)
  pipeline = closing.use(await startPipeline({ kafka: { decklog, ingest } }))
  load = startLoad(pipeline.door)
  closing.defer(() => load.stop())
}, TIMEOUT_MS)

afterAll(() => closing.disposeAsync(), TIMEOUT_MS)

test.each(networkFaults)(
  'on either side of Kafka, %s costs nothing that was acknowledged',
  async (fault) => {
    const before = load.taken.size
    for (const proxy of proxies) {
      await load.more(SESSIONS_BETWEEN)
      proxy.spoil(fault)
      await load.more(SESSIONS_BETWEEN)
      proxy.mend()
    }
    await expectArrival(load, pipeline.clickhouse)
    expect(load.taken.size - before).toBeGreaterThan(proxies.length * SESSIONS_BETWEEN)
  },
  TIMEOUT_MS,
)
