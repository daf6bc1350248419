import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { Fault } from '../../shared/fault.ts'
import type { MistApi } from '../mist/api.ts'

/** How long a stream may take to end by itself once its publisher and viewers are gone, and then when it is killed. */
export const GRACE_MS = 1_500
export const KILL_MS = 2_500
const LOOK_EVERY_MS = 100

const Reply = z.looseObject({ active_streams: z.record(z.string(), z.looseObject({ pid: z.unknown() })).nullable() })

/**
 * Ends a stream with everyone on it. Its sessions are stopped first, so that they report their ends; what then still
 * runs is killed. A publisher who is back at once is let in or not by the control plane, so that is another stream.
 */
export async function terminateStream(api: MistApi, name: string): Promise<void> {
  const running = await stopStream(api, name, GRACE_MS)
  if (running === null) return
  await api.call({ nuke_stream: name })
  if (await isGone(api, name, running, KILL_MS)) return
  throw new Fault('unavailable', 'still_active', 'The stream does not end.')
}

/** Stops everyone on a stream and waits for it to end by that; what runs of it afterwards, null when nothing does. */
export async function stopStream(api: MistApi, name: string, withinMs: number): Promise<string | null> {
  const running = await readBuffer(api, name)
  if (running === null) return null
  await api.call({ stop_sessions: name })
  return (await isGone(api, name, running, withinMs)) ? null : running
}

async function isGone(api: MistApi, name: string, running: string, withinMs: number): Promise<boolean> {
  for (let waited = 0; waited <= withinMs; waited += LOOK_EVERY_MS) {
    if ((await readBuffer(api, name)) !== running) return true
    await sleep(LOOK_EVERY_MS)
  }
  return false
}

/** The processes of a stream, which tell one run of it from the next; null when it does not run. */
async function readBuffer(api: MistApi, name: string): Promise<string | null> {
  const call = { active_streams: { longform: true, fields: ['pid'], streams: [name] } }
  const reply = Reply.safeParse(await api.call(call))
  if (!reply.success) throw new Fault('unavailable', 'mist_nonsense', 'MistServer shows no streams.')
  const stream = reply.data.active_streams?.[name]
  return stream === undefined ? null : JSON.stringify(stream.pid)
}
