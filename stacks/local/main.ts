import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { configureLog, createLog } from '../../shared/log.ts'
import { rollDice } from './media-host/dice.ts'
import { createProgress } from './progress.ts'
import { broadcast } from './stand-in.ts'
import { type System, startSystem } from './system.ts'

const USAGE = `npm start [-- OPTIONS]
  --mist URL        API of a real MistServer (http://HOST:4242) instead of the stand-in
  --viewers N       viewers that the stand-in keeps before the demo stream (default 3; 0 publishes nothing)
  --port-offset N   added to every port
  --state FOLDER    where data and secrets are kept (default .local)
  --log LEVEL       debug, info, warning or error (default: warning at a terminal, else info)
  --seed N          of the stand-in's randomness
DATABASE_URL, CLICKHOUSE_URL and KAFKA_BROKERS replace an embedded engine by a real one.
`

/** A closed terminal ends it as Ctrl-C does. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
const LEVELS = ['debug', 'info', 'warning', 'error'] as const
const person = process.stdout.isTTY === true
const say = (text: string) => process.stdout.write(text)

try {
  const options = readOptions()
  if (options) await run(options)
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      mist: { type: 'string' },
      viewers: { type: 'string', default: '3' },
      'port-offset': { type: 'string', default: '0' },
      state: { type: 'string', default: '.local' },
      log: { type: 'string', default: person ? 'warning' : 'info' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    say(USAGE)
    return undefined
  }
  const level = LEVELS.find((name) => name === values.log)
  if (!level) throw new Error(`--log takes one of ${LEVELS.join(', ')}`)
  if (values.mist !== undefined && !URL.canParse(values.mist)) throw new Error('--mist takes a URL: http://HOST:4242')
  return {
    level,
    mist: values.mist,
    statePath: values.state,
    viewers: wholeNumber('--viewers', values.viewers),
    portOffset: wholeNumber('--port-offset', values['port-offset']),
    seed: wholeNumber('--seed', values.seed),
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`${name} takes a whole number`)
  return Number(text)
}

async function run(options: NonNullable<ReturnType<typeof readOptions>>): Promise<void> {
  configureLog({ pretty: person, level: options.level, write: say })
  const stopping = new AbortController()
  const asked = Promise.race(SIGNALS.map((signal) => once(process, signal))).then(() => stopping.abort())
  const started = performance.now()
  say('FrameWorks on this machine\n')
  const progress = createProgress(say)
  {
    await using system = await startSystem({ ...options, env: process.env, progress })
    say(`\nReady after ${((performance.now() - started) / 1000).toFixed(1)} s.\n${summary(system, options.statePath)}`)
    const audience = keepOnAir(system, options, stopping.signal)
    await asked
    say('\nStopping …\n')
    await audience
  }
  say('Stopped. The data is kept; `npm run reset` removes it.\n')
}

async function keepOnAir(
  system: System,
  options: { viewers: number; seed: number },
  signal: AbortSignal,
): Promise<void> {
  const { standIn, state } = system
  if (!standIn || options.viewers === 0) return
  const { stream_key, playback_id } = state.demo
  const { viewers, seed } = options
  await broadcast(standIn, { stream_key, playback_id, viewers, dice: rollDice(seed), signal }).catch((error) =>
    createLog('media-host').error('the demo broadcast ended', { error }),
  )
}

function summary({ state }: System, statePath: string): string {
  const { demo, operator, base_url, services } = state
  return `
  API and player door   ${base_url}
  Reference             ${base_url}/commodore/docs, /periscope-query/docs, /quartermaster/docs, /decklog/docs
  Mail                  ${base_url}/inbox
  Watch                 ${base_url}/play/${demo.playback_id}
  Media hosts           ${base_url}/status   (sign in as ${operator.email}, with the demo password)
  Media host            ${services.media_host ?? 'yours'}
  Demo login            ${demo.email}  ${demo.password}
  Everything else       ${statePath}/frameworks.json

Ctrl-C stops it.
`
}
