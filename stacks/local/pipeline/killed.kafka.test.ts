import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../../../shared/testing/port.ts'
import { startKafka } from '../kafka/server.ts'
import { seededRandom } from '../simulate/kernel/random.ts'
import { differences, startLoad } from './load.ts'
import { startPipeline } from './pipeline.ts'

const SESSIONS_BETWEEN_MAX = 300
const SETTLED_MS = 60_000
const TIMEOUT_MS = 300_000
const seed = Number(process.env.SEED ?? 20_261_124)

test(
  `each process is killed during load, then all at once, and nothing that was acknowledged is lost or counts twice (seed ${seed})`,
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'pipeline-kafka-'))
    const port = await freePort()
    let kafka = await startKafka({ dir, port })
    await using stack = new AsyncDisposableStack()
    stack.defer(async () => {
      await kafka.stop()
      await rm(dir, { recursive: true, force: true })
    })
    const { postgres, helmsman, decklog, ingest, door, clickhouse } = stack.use(
      await startPipeline({ kafka: { decklog: port, ingest: port } }),
    )
    const broker = {
      kill: () => kafka.kill(),
      start: async () => {
        kafka = await startKafka({ dir, port })
      },
    }
    const random = seededRandom(seed)
    const load = startLoad(door)
    const parts = [broker, postgres, helmsman, decklog, ingest]
    for (const victims of [...parts.map((part) => [part]), parts]) {
      await load.more(random.integer(1, SESSIONS_BETWEEN_MAX))
      await Promise.all(victims.map((victim) => victim.kill()))
      for (const victim of victims) await victim.start()
    }
    await load.more(SESSIONS_BETWEEN_MAX)
    await load.stop()
    await expect.poll(() => differences(load, clickhouse), { timeout: SETTLED_MS }).toEqual({ lost: 0, wrong: [] })
    expect(load.taken.size).toBeGreaterThan(1_000)
  },
  TIMEOUT_MS,
)
