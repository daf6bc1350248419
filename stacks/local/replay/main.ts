import { parseArgs } from 'node:util'
import { formatTable } from './compare.ts'
import { replay } from './replay.ts'
import { readSystem } from './system.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { state: { type: 'string', default: '.local' }, realtime: { type: 'boolean', default: false } },
})
const say = (text: string) => process.stdout.write(`${text}\n`)

const [file] = positionals
if (file === undefined) {
  say('Usage: npm run replay -- FILE [--realtime] [--state FOLDER]')
  process.exitCode = 2
} else {
  process.exitCode = await run(file).then(
    (same) => (same ? 0 : 1),
    (error: unknown) => {
      say(error instanceof Error ? error.message : String(error))
      return 1
    },
  )
}

async function run(file: string): Promise<boolean> {
  const system = await readSystem(values.state)
  const { played, rows } = await replay(system, { file, realtime: values.realtime, say })
  const { calls, publishers_accepted, publishers_refused, problems } = played
  say(`\n${formatTable(rows)}\n`)
  say(`${calls} calls answered; ${publishers_accepted} publishers let in, ${publishers_refused} refused.`)
  for (const problem of problems) say(`≠ ${problem}`)
  const differences = rows.filter(({ same }) => !same).length + problems.length
  say(differences === 0 ? 'Everything is as recorded.' : `${differences} differences.`)
  return differences === 0
}
