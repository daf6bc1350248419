import { z } from 'zod'
import { Fault } from '../../../shared/fault.ts'
import type { MistApi } from '../api.ts'

const Count = z.number().nonnegative().transform(Math.round)

/** Bytes up (from the server) and down (towards it). */
const Directions = z.tuple([Count, Count])
/** Viewers, inputs, outputs, and those of no kind; what follows is not used. */
const Sessions = z.tuple([Count, Count, Count]).rest(z.unknown())

/** Of the many figures only these, as there may be thousands of streams. */
const Stream = z.object({ curr: Sessions, bw: Directions, rep: z.boolean().optional() })

/** MistServer's statistics of the whole machine. */
export const Statistics = z
  .looseObject({
    /** Tenths of a percent. */
    cpu: z.number().min(0).max(1000),
    /** KiB, as are the other three. */
    mem_total: Count,
    mem_used: Count,
    shm_total: Count,
    shm_used: Count,
    bw: Directions,
    /** Of the network interfaces, loopback left out. */
    st: Directions,
    bwlimit: Count,
    curr: Sessions,
    /** Sessions of each kind since its start. */
    tot: Sessions,
    /** How often each trigger was fired at a handler since its start. */
    triggers: z.record(z.string(), z.looseObject({ count: Count })).nullish(),
    streams: z.record(z.string(), Stream).nullish(),
    outputs: z.record(z.string(), z.string()).nullish(),
    /** Of the whole server, by its operator. */
    tags: z.array(z.string()).nullish(),
    loc: z.looseObject({ lat: z.number(), lon: z.number(), name: z.string() }).partial().nullish(),
  })
  .transform(({ streams, outputs, triggers, ...rest }) => {
    return { ...rest, streams: streams ?? {}, outputs: outputs ?? {}, triggers: triggers ?? {} }
  })
export type Statistics = z.infer<typeof Statistics>

/** Asks for the statistics; `unavailable` when there are none. */
export async function readStatistics(api: MistApi, passphrase: string): Promise<Statistics> {
  const statistics = Statistics.safeParse(await api.statistics(passphrase))
  if (statistics.success) return statistics.data
  throw new Fault('unavailable', 'mist_nonsense', 'MistServer shows no statistics.', { cause: statistics.error })
}
