import { z } from 'zod'
import { Fault } from '../../shared/fault.ts'
import type { MistApi } from '../mist/api.ts'

/** Id, stream, and the target as it was asked for; what follows is not used. */
const Push = z
  .tuple([z.number(), z.string(), z.string()])
  .rest(z.unknown())
  .transform(([id, stream, target]) => ({ id, stream, target }))

/** Null when nothing is pushed. */
export const PushList = z
  .array(Push)
  .nullable()
  .transform((pushes) => pushes ?? [])

const Reply = z.looseObject({ push_list: PushList })

/** Pushes a stream to a target. MistServer itself starts none that runs already. */
export async function startPush(api: MistApi, stream: string, target: string): Promise<void> {
  await api.call({ push_start: { stream, target } })
}

/** Ends the pushes of a stream to a target; none is as good. */
export async function stopPush(api: MistApi, stream: string, target: string): Promise<void> {
  const reply = Reply.safeParse(await api.call({ push_list: true }))
  // No cause: it would show targets, which hold credentials.
  if (!reply.success) throw new Fault('unavailable', 'mist_nonsense', 'MistServer shows no pushes.')
  const own = reply.data.push_list.filter((push) => push.stream === stream && push.target === target)
  if (own.length > 0) await api.call({ push_stop: own.map(({ id }) => id) })
}
