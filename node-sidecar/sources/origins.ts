import { z } from 'zod'
import { Fault } from '../../shared/fault.ts'
import type { MistApi } from '../mist/api.ts'
import { REPLICATED, toStatus } from '../mist/polls/streams.ts'
import { PushList } from '../pushes/push-list.ts'

const ActiveStream = z.looseObject({
  status: z.string(),
  inputs: z.number(),
  tags: z.array(z.string()).nullish(),
  /** The processes that bring its tracks. */
  sourcepids: z.array(z.number()).nullish(),
})
type ActiveStream = z.infer<typeof ActiveStream>

const Reply = z.looseObject({ active_streams: z.record(z.string(), ActiveStream).nullable(), push_list: PushList })
const fields = Object.keys(ActiveStream.shape)

/** A stream whose media comes from a publisher on this host. */
export interface Origin {
  /** Whether there is media that can be sent on. */
  live: boolean
  /** MistServer's processes for its publisher. */
  pids: number[]
  /** Where it is sent on to. */
  targets: string[]
}

/** Every stream that is published here at this moment, by name; `unavailable` when MistServer does not say. */
export async function readOrigins(api: MistApi): Promise<Map<string, Origin>> {
  const reply = Reply.safeParse(await api.call({ active_streams: { longform: true, fields }, push_list: true }))
  // No cause: it would show targets, which hold credentials.
  if (!reply.success) throw new Fault('unavailable', 'mist_nonsense', 'MistServer shows no streams.')
  const { active_streams, push_list } = reply.data
  const origins = Object.entries(active_streams ?? {}).filter(([, stream]) => isOrigin(stream))
  return new Map(
    origins.map(([name, stream]) => [
      name,
      {
        live: toStatus(stream.status) === 'live',
        pids: stream.sourcepids ?? [],
        targets: push_list.filter((push) => push.stream === name).map(({ target }) => target),
      },
    ]),
  )
}

function isOrigin(stream: ActiveStream): boolean {
  return !(stream.tags?.includes(REPLICATED) ?? false) && hasSource(stream)
}

function hasSource({ status, inputs, sourcepids }: ActiveStream): boolean {
  return toStatus(status) !== 'offline' && (inputs > 0 || (sourcepids ?? []).length > 0)
}
