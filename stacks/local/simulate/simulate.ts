import { isDeepStrictEqual } from 'node:util'
import { ingest } from '../../../functions/periscope-ingest/ingest/ingest.ts'
import { DEAD_LETTERS_TOPIC, EVENTS_TOPIC } from '../../../shared/contract/decklog.ts'
import type { ConsumedRecord } from '../../../shared/kafka/event-log.ts'
import { installKernel } from './kernel/install.ts'
import { type Random, seededRandom } from './kernel/random.ts'
import { modelStores } from './models/stores.ts'
import { findProblems } from './truth/check.ts'
import { placeOf } from './truth/truth.ts'
import { makeTrouble, mendAll } from './world/faults.ts'
import { STATE_PATH } from './world/helmsman.ts'
import type { Mutation } from './world/mutations.ts'
import { poisonLog } from './world/poison.ts'
import { World } from './world/world.ts'

const MINUTE = 60_000
/** How long people come and go, and things break. */
const TROUBLE_MS = 2.5 * MINUTE
/** Then everybody leaves, and everything works until what is under way has arrived, ends made up included. */
const PEACE_MS = 3 * MINUTE
/** Then nobody polls any more, and what was shipped is consumed. */
const SILENCE_MS = MINUTE / 3
const GROUP = 'periscope-ingest'

export interface Outcome {
  seed: number
  problems: string[]
  /** What happened, in order. */
  trace: string[]
  world: World
  /** How much there was of it. */
  counts: { notices: number; taken: number; lives: number; reconciled: number; records: number; poison: number }
}

/** One run of everything under a seed: the same seed, the same run. */
export async function simulate(seed: number, mutation?: Mutation): Promise<Outcome> {
  const random = seededRandom(seed)
  const trace: string[] = []
  const note = (line: string) =>
    trace.push(`${((world.schedule.now - began) / 1000).toFixed(3).padStart(8)} s  ${line}`)
  const world = new World({ random, mutation, note })
  const began = world.schedule.now
  using _ = installKernel(world.network)
  world.startAll()
  makeTrouble({ world, random, note, until: began + TROUBLE_MS })
  poisonLog({ world, seed, note, until: began + TROUBLE_MS })
  await world.schedule.advance(began + TROUBLE_MS)
  world.open = false
  note('peace')
  mendAll(world)
  await world.schedule.advance(began + TROUBLE_MS + PEACE_MS)
  for (const { helmsman } of world.hosts) helmsman.process?.kill()
  await world.schedule.advance(began + TROUBLE_MS + PEACE_MS + SILENCE_MS)
  for (const { process } of world.roles) process?.kill()
  const problems = judge(world, mutation)
  if (mutation === undefined) problems.push(...(await replay(world, random)))
  return { seed, problems, trace, world, counts: countsOf(world) }
}

function judge(world: World, mutation: Mutation | undefined): string[] {
  const { truth, broker, clickhouse, registers, hosts } = world
  const late = broker.lag(EVENTS_TOPIC, GROUP).filter(({ lag }) => lag > 0n)
  const buried = new Set(hosts.flatMap(({ machine }) => deadLettersOn(machine.disk)))
  const ends = {
    rows: (table: string) => (mutation === 'repeats-counted' ? clickhouse.raw(table) : clickhouse.counted(table)),
    registers: (table: string) => registers.rows(table),
    log: broker.records(EVENTS_TOPIC),
    letters: broker.records(DEAD_LETTERS_TOPIC).flat(),
    buried,
  }
  return [
    ...late.map(({ partition, lag }) => `partition ${partition} is ${lag} records behind`),
    ...findProblems(truth, ends),
  ]
}

function deadLettersOn(disk: World['hosts'][number]['machine']['disk']): string[] {
  try {
    const text = disk.file(`${STATE_PATH}/dead-letters.jsonl`).content.toString()
    return [...text.matchAll(/\\"event_id\\":\\"([0-9a-f-]{36})\\"/g)].map(([, id = '']) => id)
  } catch {
    return []
  }
}

/** The whole log once more, in other batches and another order: nothing may change. */
async function replay(world: World, random: Random): Promise<string[]> {
  const before = contentsOf(world)
  const records = shuffled(world.broker.records(EVENTS_TOPIC).flat(), random)
  const stores = modelStores({
    clickhouse: async (work) => work(world.clickhouse),
    registers: async (work) => work(world.registers),
  })
  const refused: string[] = []
  for (let at = 0; at < records.length; ) {
    const size = random.integer(1, 200)
    const { failures } = await ingest(stores, records.slice(at, at + size))
    refused.push(...failures.map(({ record }) => placeOf(record)))
    at += size
  }
  return [
    ...(contentsOf(world) === before ? [] : ['a replay of the whole log changes what is stored']),
    ...(isDeepStrictEqual(new Set(refused), new Set(world.truth.poison.keys()))
      ? []
      : ['a replay refuses other records']),
  ]
}

/** All that can be read, as one text. Of a repeated event the time of arrival alone may differ. */
function contentsOf({ clickhouse, registers }: World): string {
  const rows = clickhouse.merged.flatMap((table) =>
    clickhouse.final(table).map((row) => JSON.stringify([table, { ...row, received_at: '', event: '' }])),
  )
  const states = ['stream_state', 'node_state'].flatMap((table) =>
    registers.rows(table).map((row) => JSON.stringify([table, row])),
  )
  return [...rows, ...states].sort().join('\n')
}

function shuffled(records: readonly ConsumedRecord[], random: Random): ConsumedRecord[] {
  const keyed = records.map((record) => [random.fraction(), record] as const)
  return keyed.sort(([a], [b]) => a - b).map(([, record]) => record)
}

function countsOf({ truth, broker, clickhouse }: World): Outcome['counts'] {
  const notices = [...truth.notices.values()]
  const ends = ['viewer_sessions', 'stream_runs'].flatMap((table) => clickhouse.final(table))
  return {
    notices: notices.length,
    taken: notices.filter(({ taken }) => taken).length,
    lives: truth.lives.all.length,
    reconciled: ends.filter(({ provenance }) => provenance === 'reconciled').length,
    records: broker.records(EVENTS_TOPIC).flat().length,
    poison: truth.poison.size,
  }
}
