import { expect, test } from 'vitest'
import { createLog } from '../shared/log.ts'
import { installKernel } from '../stacks/local/simulate/kernel/install.ts'
import { Machine } from '../stacks/local/simulate/kernel/machine.ts'
import { Network } from '../stacks/local/simulate/kernel/network.ts'
import { seededRandom } from '../stacks/local/simulate/kernel/random.ts'
import { Schedule } from '../stacks/local/simulate/kernel/schedule.ts'
import { DeadLetters } from './journal/dead-letters.ts'
import { Journal } from './journal/journal.ts'
import { loadSnapshot, saveSnapshot } from './reconcile/snapshot.ts'

const SEEDS = 20
const MINUTE_MS = 60_000
const folder = '/var/lib/helmsman'
const log = createLog('helmsman')
const letter = {
  at: '2026-11-24T01:00:00.000Z',
  kind: 'event',
  name: 'stream-end',
  reason: 'x',
  content: null,
} as const
/** One that is sent again. */
const taken = { ...letter, name: 'user-connection' } as const

/** Runs `before`, cuts the power once it has ended, and answers what `after` finds on the disk. */
async function acrossPowerCut<T>(seed: number, before: () => Promise<void>, after: () => Promise<T>): Promise<T> {
  const schedule = new Schedule(0)
  const random = seededRandom(seed)
  const machine = new Machine({ name: 'host', schedule, random })
  using _ = installKernel(new Network(schedule, random))
  const run = async <R>(work: () => Promise<R>): Promise<R> => {
    const ended = Promise.withResolvers<R>()
    machine.start('helmsman', () => work().then(ended.resolve), ended.reject)
    await schedule.advance(schedule.now + MINUTE_MS)
    return ended.promise
  }
  await run(before)
  machine.cutPower()
  return await run(after)
}

test('what was said to be on the disk is there after a power cut, its names and folders too', async () => {
  const snapshot = (position: number) => ({
    boot: null,
    up_ms: 0,
    position,
    sessions: [],
    streams: [],
    made_up: { sessions: [], streams: [] },
  })
  for (let seed = 1; seed <= SEEDS; seed++) {
    const found = await acrossPowerCut(
      seed,
      async () => {
        const journal = await Journal.open({ folder: `${folder}/journal`, log })
        await journal.append(Buffer.from('first'))
        await saveSnapshot(`${folder}/open.json`, snapshot(1))
        await saveSnapshot(`${folder}/open.json`, snapshot(2))
        const letters = new DeadLetters(`${folder}/letters/dead.jsonl`)
        await letters.add([letter, taken])
        await letters.take(
          ({ name }) => name === taken.name,
          async () => undefined,
        )
      },
      async () => {
        const journal = await Journal.open({ folder: `${folder}/journal`, log })
        const { records } = await journal.read(0, 10)
        return {
          records: records.map(String),
          position: (await loadSnapshot(`${folder}/open.json`))?.position,
          letters: await new DeadLetters(`${folder}/letters/dead.jsonl`).list(),
        }
      },
    )
    expect(found, `seed ${seed}`).toEqual({ records: ['first'], position: 2, letters: [letter] })
  }
})
