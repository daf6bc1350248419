import { expect, test } from 'vitest'
import { simulate } from './simulate.ts'
import { mutations } from './world/mutations.ts'

/** Runs of the whole pipeline; `npm run simulate -- --seeds N` makes more of them. */
const SEEDS = 100
const MUTATION_SEEDS_MAX = 40
const TIMEOUT_MS = 240_000

test(
  'whatever is killed, cut off or full, nothing acknowledged is lost and nothing counts twice',
  async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { problems, trace } = await simulate(seed)
      expect(problems, `npm run simulate -- --seed ${seed}\n${trace.join('\n')}`).toEqual([])
    }
  },
  TIMEOUT_MS,
)

test('the same seed is the same run, to the last record', async () => {
  const logOf = async (seed: number) => {
    const { trace, counts, world } = await simulate(seed)
    return { trace, counts, records: world.broker.records('analytics_events') }
  }
  const first = await logOf(7)
  expect(await logOf(7)).toEqual(first)
  expect((await logOf(8)).trace).not.toEqual(first.trace)
})

test.each(mutations)(
  'a mistake in the wiring is found: %s',
  async (mutation) => {
    for (let seed = 1; seed <= MUTATION_SEEDS_MAX; seed++) {
      if ((await simulate(seed, mutation)).problems.length > 0) return
    }
    expect.unreachable(`${MUTATION_SEEDS_MAX} seeds found nothing`)
  },
  TIMEOUT_MS,
)
