import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { simulate } from './simulate.ts'
import { mutations } from './world/mutations.ts'

/** Runs of the whole pipeline, in two processes; `npm run simulate -- --seeds N` makes more of them. */
const SEEDS_EACH = 100
/** From here on each mistake shows within some runs; that the last to arrive wins is the rarest to matter. */
const MUTATION_SEEDS_FROM = 60
const MUTATION_SEEDS_MAX = 40
const TIMEOUT_MS = 240_000
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))

/** `npm run simulate`, without the test runner around it, which would double its time. */
async function run(...args: string[]): Promise<{ code: number; said: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  return { code, said }
}

test(
  'whatever is killed, cut off or full, nothing acknowledged is lost and nothing counts twice',
  async () => {
    const runs = [1, 1 + SEEDS_EACH].map((from) => run('--from', String(from), '--seeds', String(SEEDS_EACH)))
    for (const { code, said } of await Promise.all(runs)) expect(code, said).toBe(0)
  },
  TIMEOUT_MS,
)

test.each([
  [281, 'a process died whose snapshot was taken between two ends of one poll that were on their way to the disk'],
  [313, 'an end was told while the one made up for it was on its way to a slow disk'],
  [535, 'a viewer came back and left again while the end of the first visit was on its way to a slow disk'],
])('run %i, in which %s, counts everything once', async (seed) => {
  expect((await simulate(seed)).problems).toEqual([])
})

test('a run that fails says by which seed, and ends so', async () => {
  const { code, said } = await run('--seeds', '3', '--mutation', 'ids-not-derived')
  expect(code).toBe(1)
  expect(said).toContain('npm run simulate -- --seed 1 --mutation ids-not-derived')
})

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
    for (let seed = MUTATION_SEEDS_FROM; seed < MUTATION_SEEDS_FROM + MUTATION_SEEDS_MAX; seed++) {
      if ((await simulate(seed, mutation)).problems.length > 0) return
    }
    expect.unreachable(`${MUTATION_SEEDS_MAX} seeds found nothing`)
  },
  TIMEOUT_MS,
)
