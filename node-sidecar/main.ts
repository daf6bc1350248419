import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { configureLog } from '../shared/log.ts'
import { readConfig } from './config.ts'
import { start } from './helmsman.ts'
import { enrolHost, SETTINGS_PATH, STATE_PATH } from './identity/enrol-command.ts'

const USAGE = `helmsman [--mist URL] [--settings FILE]
  Runs beside MistServer until it is told to stop.
  --mist URL        MistServer's API, instead of MIST_URL
  --settings FILE   variables that the environment does not say
helmsman enrol --domain DOMAIN --token TOKEN [--region REGION] [--address URL] [--name NAME] [--mist URL] [--state FOLDER] [--settings FILE]
  Makes this machine a media host of the platform at DOMAIN, and writes its settings. Once; safe to repeat.
  --token TOKEN     an enrolment token of the cluster, or ENROLMENT_TOKEN in the environment
  --region REGION   the platform's region that is nearest, such as eu-west-1; the central one unless said
  --address URL     what viewers reach this MistServer by, such as https://edge1.example; without it no viewers are sent here
  --state FOLDER    where its key and its journal lie; ${STATE_PATH} unless said
  --settings FILE   where the settings are written; ${SETTINGS_PATH} unless said
The environment says the rest; see README.md.
`

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stopping.abort())
// Started by a process that keeps a channel to it, it does not outlive that process.
process.once('disconnect', () => stopping.abort())

try {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean', default: false },
      ...{
        mist: text,
        settings: text,
        domain: text,
        region: text,
        token: text,
        address: text,
        name: text,
        state: text,
      },
    },
  })
  const { help, ...flags } = values
  const [command, ...more] = positionals
  if (help) process.stdout.write(USAGE)
  else if (more.length > 0 || (command !== undefined && command !== 'enrol')) throw new Error(USAGE)
  else if (command === 'enrol') process.stdout.write(`This host is ${await enrolHost(flags, process.env)}.\n`)
  else await run(flags)
} catch (error) {
  if (!stopping.signal.aborted) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 1
  }
}

async function run({ mist, settings: file }: { mist?: string; settings?: string }): Promise<void> {
  if (file !== undefined) process.loadEnvFile(file)
  const settings = readConfig({ ...process.env, ...(mist !== undefined && { MIST_URL: mist }) })
  const { LOG_LEVEL: level } = settings.config
  configureLog({ pretty: process.stdout.isTTY === true, level, write: (line) => process.stdout.write(line) })
  await using _ = await start(settings, { signal: stopping.signal })
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
}
