import { z } from 'zod'
import { Fault } from '../../shared/fault.ts'
import type { MistApi } from '../mist/api.ts'

/** Id, stream, and the target as it was asked for; what follows is not used. Null when nothing is pushed. */
const Push = z.tuple([z.number(), z.string(), z.string()]).rest(z.unknown())
const Reply = z.looseObject({ push_list: z.array(Push).nullable() })

/** Pushes a stream to a target; one that runs already goes on. */
export async function startPush(api: MistApi, stream: string, target: string): Promise<void> {
  if ((await findPushes(api, stream, target)).length > 0) return
  await api.call({ push_start: { stream, target } })
}

/** Ends the pushes of a stream to a target; none is as good. */
export async function stopPush(api: MistApi, stream: string, target: string): Promise<void> {
  const ids = await findPushes(api, stream, target)
  if (ids.length > 0) await api.call({ push_stop: ids })
}

async function findPushes(api: MistApi, stream: string, target: string): Promise<number[]> {
  const reply = Reply.safeParse(await api.call({ push_list: true }))
  // No cause: it would show targets, which hold credentials.
  if (!reply.success) throw new Fault('unavailable', 'mist_nonsense', 'MistServer shows no pushes.')
  const own = (reply.data.push_list ?? []).filter(([, name, to]) => name === stream && to === target)
  return own.map(([id]) => id)
}
