import { setTimeout as sleep } from 'node:timers/promises'
import { createLog } from '../../shared/log.ts'
import { type Dice, rollDice } from './media-host/dice.ts'
import { type MediaHost, startMediaHost } from './media-host/media-host.ts'
import { viewProtocols } from './media-host/view.ts'
import type { Ports } from './ports.ts'

interface Broadcast {
  stream_key: string
  playback_id: string
  /** How many watch at a time. */
  viewers: number
  dice: Dice
  signal: AbortSignal
}

const VIEWER_HOSTS = ['192.0.2.10', '198.51.100.20', '203.0.113.30'] as const
/** How long one of its viewers stays, and how long until the next one takes the place. */
const WATCH_MS = { least: 10_000, most: 40_000 }
const PAUSE_MS = { least: 500, most: 3_000 }

export async function startStandIn(ports: Ports, seed: number): Promise<MediaHost & AsyncDisposable> {
  const host = await startMediaHost({
    port: ports['media-host-api'],
    http_port: ports['media-host-http'],
    log: createLog('media-host'),
    seed,
  })
  return { ...host, [Symbol.asyncDispose]: () => host.stop() }
}

/** Publishes a stream and keeps an audience before it, whose members come and go, until the signal. */
export async function broadcast(host: MediaHost, options: Broadcast): Promise<void> {
  const { stream_key, playback_id, viewers, dice, signal } = options
  const publication = await host.publish({ stream_key, protocol: 'rtmp', publisher_host: '127.0.0.1' })
  if (!publication.accepted) throw new Error(`The demo stream was refused: ${publication.reason}`)
  const seats = Array.from({ length: viewers }, (_, seat) => rollDice(dice.integer(0, 2 ** 31) + seat))
  await Promise.all(seats.map((own) => fillSeat(host, playback_id, own, signal)))
}

async function fillSeat(host: MediaHost, playback_id: string, dice: Dice, signal: AbortSignal): Promise<void> {
  const pause = (range: typeof WATCH_MS) =>
    sleep(dice.integer(range.least, range.most), undefined, { signal }).catch(() => undefined)
  while (!signal.aborted) {
    const [protocol, viewer_host] = [dice.pick(viewProtocols), dice.pick(VIEWER_HOSTS)]
    const view = await host.view({ playback_id, protocol, viewer_host })
    await pause(WATCH_MS)
    if (view.admitted) view.end()
    await pause(PAUSE_MS)
  }
}
