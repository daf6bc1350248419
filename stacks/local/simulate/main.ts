import { parseArgs } from 'node:util'
import { simulate } from './simulate.ts'
import { type Mutation, mutations } from './world/mutations.ts'

const USAGE = `npm run simulate -- [--seed N | --seeds N [--from N]] [--mutation NAME]
  --seed N         one run, with everything that happened in it
  --seeds N        so many runs, from --from on (1)
  --mutation NAME  with a mistake in the wiring that must be found: ${mutations.join(', ')}
`

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    mutation: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const say = (text: string) => process.stdout.write(`${text}\n`)
const mutation = mutations.find((name) => name === values.mutation)

if (values.help || (values.mutation !== undefined && mutation === undefined)) say(USAGE)
else process.exitCode = await run(values.seed === undefined ? Number(values.from) : Number(values.seed), mutation)

async function run(first: number, mutation: Mutation | undefined): Promise<number> {
  const count = values.seed === undefined ? Number(values.seeds) : 1
  const started = performance.now()
  for (let seed = first; seed < first + count; seed++) {
    const { problems, trace, counts } = await simulate(seed, mutation)
    if (values.seed !== undefined || problems.length > 0) for (const line of trace) say(line)
    if (values.seed !== undefined) say(JSON.stringify(counts))
    if (problems.length > 0) {
      for (const problem of problems) say(`≠ ${problem}`)
      say(`\nseed ${seed} fails: npm run simulate -- --seed ${seed}${mutation ? ` --mutation ${mutation}` : ''}`)
      return 1
    }
    if ((seed - first + 1) % 50 === 0)
      say(`${seed - first + 1} of ${count} runs, ${Math.round(performance.now() - started)} ms`)
  }
  say(`${count} runs, nothing lost and nothing counted twice.`)
  return 0
}
