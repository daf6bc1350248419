import { readFile, rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { state: { type: 'string', default: '.local' } } })

const running = await readFile(`${values.state}/frameworks.json`, 'utf8').catch(() => undefined)
if (running !== undefined && isAlive(JSON.parse(running).pid)) {
  process.stderr.write('The system is running: stop it with Ctrl-C first.\n')
  process.exitCode = 1
} else {
  await rm(values.state, { recursive: true, force: true })
  process.stdout.write(`Removed ${values.state}: the next start begins from nothing.\n`)
}

function isAlive(pid: unknown): boolean {
  if (typeof pid !== 'number') return false
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
