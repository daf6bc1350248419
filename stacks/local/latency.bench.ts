import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { listenAt } from '../../edge-workers/signalman/testing/client.ts'
import { call } from '../../shared/client/client.ts'
import { streamSessions } from '../../shared/contract/periscope-query.ts'
import { configureLog } from '../../shared/log.ts'
import { quantiles } from '../../shared/testing/compare.ts'
import { findFreeOffset } from './free-offset.ts'
import { createProgress } from './progress.ts'
import { readSystem } from './replay/system.ts'
import { startSystem } from './system.ts'

/** From a trigger's POST to the moment at which Periscope Query answers with its fact, and at which a browser has heard of it, through the whole system. */
const SAMPLES = 60
const WARM_UP_SAMPLES = 5
const POLL_MS = 5

configureLog({ pretty: false, level: 'error', write: (line) => process.stderr.write(line) })
const statePath = await mkdtemp(join(tmpdir(), 'frameworks-bench-'))
{
  await using system = await startSystem({
    statePath,
    portOffset: await findFreeOffset(),
    mist: undefined,
    seed: 1,
    level: 'error',
    env: {},
    progress: createProgress(() => undefined),
  })
  const { periscope, commodore, helmsman } = await readSystem(statePath)
  const { stream_id } = system.state.demo
  const stream = await fetch(new URL(`/streams/${stream_id}`, commodore.baseUrl), {
    headers: { authorization: `Bearer ${system.state.demo.api_token}` },
  })
  const { internal_name } = (await stream.json()) as { internal_name: string }
  const latencies: number[] = []
  for (let sample = -WARM_UP_SAMPLES; sample < SAMPLES; sample++) {
    const started = performance.now()
    const session_id = await endSession(helmsman, `live+${internal_name}`)
    while (!(await isKnown(session_id))) await sleep(POLL_MS)
    if (sample >= 0) latencies.push(performance.now() - started)
  }
  quantiles('trigger to queryable', latencies)

  const listener = await listenAt(system.state.services.signalman ?? '', { token: system.state.demo.api_token })
  listener.say({ type: 'subscribe', id: 'viewers', types: ['user-connection'] })
  const live: number[] = []
  for (let sample = -WARM_UP_SAMPLES; sample < SAMPLES; sample++) {
    const started = performance.now()
    const session_id = await endSession(helmsman, `live+${internal_name}`)
    while (!listener.events().some(({ data }) => data.session_id === session_id)) await sleep(1)
    if (sample >= 0) live.push(performance.now() - started)
  }
  await listener.close()
  quantiles('trigger to browser', live)

  async function isKnown(session_id: string): Promise<boolean> {
    const { data } = await call(periscope, streamSessions, { id: stream_id, limit: 1 })
    return data[0]?.session_id === session_id
  }
}
await rm(statePath, { recursive: true, force: true })

async function endSession(helmsman: URL, name: string): Promise<string> {
  const session_id = crypto.randomUUID().replaceAll('-', '').repeat(2)
  await fetch(new URL('/triggers/USER_END', helmsman), {
    method: 'POST',
    headers: {
      'content-type': 'text/plain',
      'x-trigger': 'USER_END',
      'x-trigger-uuid': crypto.randomUUID(),
      'x-trigger-unixmillis': String(Date.now()),
    },
    body: `1\n${name}\nHLS\n192.0.2.1\n9\n1000\n10\n\n9\n9\n9\n${session_id}`,
  })
  return session_id
}
