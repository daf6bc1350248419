import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { configureLog } from '../shared/log.ts'
import { readConfig } from './config.ts'
import { start } from './helmsman.ts'

const USAGE = `node node-sidecar/main.ts [--mist URL]
  --mist URL   MistServer's API, instead of MIST_URL
The environment says the rest; see README.md.
`

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stopping.abort())
// Started by a process that keeps a channel to it, it does not outlive that process.
process.once('disconnect', () => stopping.abort())

try {
  const { values } = parseArgs({ options: { mist: { type: 'string' }, help: { type: 'boolean', default: false } } })
  if (values.help) process.stdout.write(USAGE)
  else await run({ ...process.env, ...(values.mist !== undefined && { MIST_URL: values.mist }) })
} catch (error) {
  if (!stopping.signal.aborted) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 1
  }
}

async function run(env: NodeJS.ProcessEnv): Promise<void> {
  const settings = readConfig(env)
  const { LOG_LEVEL: level } = settings.config
  configureLog({ pretty: process.stdout.isTTY === true, level, write: (line) => process.stdout.write(line) })
  await using _ = await start(settings, { signal: stopping.signal })
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
}
