import { setTimeout as sleep } from 'node:timers/promises'
import { closeConnection, openConnection } from '../../media-host/connection.ts'
import type { Host } from '../../media-host/host.ts'
import { startPublish } from '../../media-host/publish.ts'
import { startStreaming, stopStreaming } from '../../media-host/session.ts'
import type { Random } from '../kernel/random.ts'

/** What the people at one media host do. */
interface Audience {
  host: Host
  random: Random
  /** Internal names of the streams that are published here. */
  streams: readonly string[]
  /** False once everybody is to go home. */
  open: () => boolean
}

const MS = 1_000
const HUNG_UP = { code: 'CLEAN_REMOTE_CLOSE', text: 'connection closed' }

/** Publishers come, are watched, leave and come back. */
export function gather(audience: Audience): void {
  for (const stream of audience.streams) audience.host.flows.run('publisher', () => publishOften(audience, stream))
}

async function publishOften(audience: Audience, stream: string): Promise<void> {
  const { host, random, open } = audience
  await sleep(random.integer(0, 20) * MS)
  while (open()) {
    const publisher_host = `192.0.2.${random.integer(1, 200)}`
    const made = await startPublish(host, { stream_key: `sk_${stream}`, protocol: 'rtmp', publisher_host })
    if (made.accepted) {
      const until = host.timeline.now() + random.integer(10, 120) * MS
      const viewers = random.integer(0, 4)
      for (let viewer = 0; viewer < viewers; viewer++) {
        host.flows.run('viewer', () => watchSometimes(audience, stream, until))
      }
      while (open() && host.timeline.now() < until) await sleep(2 * MS)
      if (random.chance(0.4)) recordOne(host, random, stream)
      made.publisher.end(HUNG_UP)
    }
    await sleep(random.integer(1, 40) * MS)
  }
}

/** A viewer who may come back under the same session. */
async function watchSometimes({ host, random, open }: Audience, stream: string, until: number): Promise<void> {
  const token = String(random.integer(1, 2 ** 31))
  const viewer = `203.0.113.${random.integer(1, 200)}`
  do {
    await sleep(random.integer(0, 30) * MS)
    if (!open() || host.timeline.now() > until) return
    const url = `http://127.0.0.1:8080/hls/pb_${stream}/index.m3u8`
    const request = { name: `pb_${stream}`, connector: 'HLS', host: viewer, url, token, user_agent: 'curl' }
    const opened = await openConnection(host, request)
    if (!opened.admitted) return
    const { session } = opened.connection
    startStreaming(session, host.timeline.now())
    const left = Promise.withResolvers<void>()
    session.stop = left.resolve
    await Promise.race([left.promise, sleep(random.integer(3, 90) * MS)])
    stopStreaming(session, host.timeline.now())
    await closeConnection(host, opened.connection)
  } while (random.chance(0.5))
}

/** A recording of the stream has ended. */
function recordOne(host: Host, random: Random, stream: string): void {
  const now = Math.floor(host.clock().getTime() / MS)
  const seconds = random.integer(1, 100)
  const media = [seconds * MS, 0, seconds * MS]
  const sums = [random.integer(0, 10 ** 9), seconds, now - seconds, now, ...media]
  const lines = [`live+${stream}`, `/rec/${stream}.mkv`, 'EBML', ...sums, 'CLEAN_EOF', 'done', '', '']
  host.flows.run('recording', async () => {
    await host.fire('RECORDING_END', { stream: `live+${stream}`, pid: host.controller_pid, lines })
  })
}
