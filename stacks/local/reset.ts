import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { postgresPath } from './engines.ts'
import { openHomeOf } from './postgres/installation.ts'
import { stopLeftBehind } from './postgres/server.ts'
import { findRunning } from './state.ts'

const { values } = parseArgs({ options: { state: { type: 'string', default: '.local' } } })

if (await findRunning(values.state)) {
  process.stderr.write('The system is running: stop it with Ctrl-C first.\n')
  process.exitCode = 1
} else {
  await stopLeftBehind(postgresPath(values.state))
  await rm(values.state, { recursive: true, force: true })
  await rm(openHomeOf(postgresPath(values.state)), { recursive: true, force: true })
  process.stdout.write(`Removed ${values.state}: the next start begins from nothing.\n`)
}
