import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../../../shared/log.ts'
import type { Dice } from './dice.ts'
import type { MediaHost } from './media-host.ts'
import { viewProtocols } from './view.ts'

interface Scenario {
  /** One stream for each key; its viewers ask for the playback id at the same place. */
  stream_keys: readonly string[]
  playback_ids: readonly string[]
  viewers: number
  duration_ms: number
  speed: number
}

const VIEWER_HOSTS = ['127.0.0.1', '192.0.2.10', '198.51.100.20', '203.0.113.30'] as const
const MS_PER_S = 1000

/** Publishes every key, lets viewers come and go, then ends all and resolves once the last end is reported. */
export async function playScenario(host: MediaHost, dice: Dice, log: Log, scenario: Scenario, signal: AbortSignal) {
  const { stream_keys, playback_ids, viewers, duration_ms, speed } = scenario
  const pause = (ms: number) => sleep(ms / speed, undefined, { signal })
  for (const [index, stream_key] of stream_keys.entries()) {
    const publication = await host.publish({ stream_key, protocol: 'rtmp', publisher_host: '127.0.0.1' })
    if (!publication.accepted) {
      log.warn('publisher {index} was refused: {reason}', { index, reason: publication.reason })
      continue
    }
    log.info('{stream} is on air', { stream: publication.publisher.stream })
    const playback_id = playback_ids[index]
    for (let viewer = 0; viewer < viewers && playback_id !== undefined; viewer++) {
      const [protocol, viewer_host] = [dice.pick(viewProtocols), dice.pick(VIEWER_HOSTS)]
      const view = await host.view({ playback_id, protocol, viewer_host })
      if (!view.admitted) log.warn('a viewer was refused: {reason}', { reason: view.reason })
      await pause(dice.integer(0, MS_PER_S))
    }
  }
  await pause(duration_ms)
  host.finish()
  await host.idle()
  log.info('all sessions are over')
}
