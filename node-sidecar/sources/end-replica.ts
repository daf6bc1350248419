import { z } from 'zod'
import { toFault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'
import { stopStream } from '../commands/terminate-stream.ts'
import type { MistApi } from '../mist/api.ts'
import { REPLICATED, toStatus } from '../mist/polls/streams.ts'

const ActiveStream = z.looseObject({ status: z.string(), tags: z.array(z.string()).nullish() })
const Reply = z.looseObject({ active_streams: z.record(z.string(), ActiveStream).nullable() })
const fields = Object.keys(ActiveStream.shape)

/** MistServer takes one to two seconds; it waits 5 s for the answer to its publisher. */
export const REPLICA_END_MS = 3_000

/**
 * Ends the stream of this name if it is pulled from another host, or about to be: its publisher has come here, and
 * MistServer refuses one whose stream has a source already. Viewers of the replica come back to the publisher's own.
 */
export async function endReplica(api: MistApi, log: Log, runtime_name: string): Promise<void> {
  try {
    const call = { active_streams: { longform: true, fields, streams: [runtime_name] } }
    const stream = Reply.parse(await api.call(call)).active_streams?.[runtime_name]
    if (stream === undefined || !isReplica(stream)) return
    log.info('a publisher takes the place of a replica', { stream: runtime_name })
    // Never killed: what kills a stream goes on for a while, and would take the publisher along.
    const running = await stopStream(api, runtime_name, REPLICA_END_MS)
    if (running !== null) log.warn('a replica does not end', { stream: runtime_name })
  } catch (error) {
    // The publisher is refused by MistServer then, and comes again.
    log.warn('a replica cannot be ended', { stream: runtime_name, code: toFault(error).reason })
  }
}

/** MistServer marks a replica once the other host sends media; one that starts without a publisher will be one. */
function isReplica({ status, tags }: z.infer<typeof ActiveStream>): boolean {
  return tags?.includes(REPLICATED) || toStatus(status) === 'starting'
}
