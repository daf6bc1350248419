import { parseArgs } from 'node:util'
import { sizeOf, toTable } from './size.ts'

const USAGE =
  'npm run size -- --viewers N [--viewers N …]: what so many viewers at the same time need, as in docs/scale.md\n'

try {
  const { viewers } = parseArgs({ options: { viewers: { type: 'string', multiple: true } } }).values
  if (viewers === undefined) throw new RangeError('how many viewers?')
  process.stdout.write(`${toTable(viewers.map((text) => sizeOf(Number(text))))}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n${USAGE}`)
  process.exitCode = 1
}
