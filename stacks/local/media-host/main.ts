import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { configureLog, createLog } from '../../../shared/log.ts'
import { rollDice } from './dice.ts'
import { startMediaHost } from './media-host.ts'
import { playScenario } from './scenario.ts'

const MS_PER_S = 1000

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4242' },
    'http-port': { type: 'string', default: '8080' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    speed: { type: 'string', default: '1' },
    keys: { type: 'string', default: '' },
    'playback-ids': { type: 'string', default: '' },
    viewers: { type: 'string', default: '3' },
    duration: { type: 'string', default: '60' },
  },
})

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopping.abort())

configureLog({ pretty: process.stdout.isTTY === true, level: 'info', write: (line) => process.stdout.write(line) })
const log = createLog('media-host')
const [seed, speed] = [Number(values.seed), Number(values.speed)]
const host = await startMediaHost({
  port: Number(values.port),
  http_port: Number(values['http-port']),
  log,
  seed,
  speed,
})
log.info('a media host stand-in answers at {url}, viewers at {http_url}', {
  url: host.url,
  http_url: host.http_url,
  seed,
  speed,
})

const stream_keys = values.keys.split(',').filter((key) => key !== '')
const playback_ids = values['playback-ids'].split(',')
if (stream_keys.length > 0) {
  const [viewers, duration_ms] = [Number(values.viewers), Number(values.duration) * MS_PER_S]
  const scenario = { stream_keys, playback_ids, viewers, duration_ms, speed }
  await playScenario(host, rollDice(seed), log, scenario, stopping.signal).catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error
  })
}
// It stays up after a scenario, so that what it left can be looked at.
if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
await host.stop()
