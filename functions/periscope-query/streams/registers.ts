import { z } from 'zod'
import { Track } from '../../../shared/contract/periscope-query.ts'
import { StreamBuffer } from '../../../shared/events/stream-buffer.ts'
import { StreamLifecycle } from '../../../shared/events/stream-lifecycle.ts'
import { Fault } from '../../../shared/fault.ts'

/** What each register holds, as far as the status of a stream depends on it. */
const contents = {
  lifecycle: StreamLifecycle.pick({ status: true }).loose(),
  ready: z.unknown(),
  off: z.unknown(),
  figures: StreamLifecycle.loose(),
  buffer: StreamBuffer.pick({ state: true, buffer_ms: true, jitter_ms: true, issues: true }).loose(),
  tracks: z.object({ tracks: z.array(Track) }),
  end: z.unknown(),
}

type Aspect = keyof typeof contents

/** The newest event of each aspect of a stream on one host. */
export type Registers = { [A in Aspect]?: { at: Date; data: z.output<(typeof contents)[A]> } }

export interface RegisterRow {
  aspect: Aspect
  occurred_at: Date
  data: unknown
}

export function toRegisters(rows: readonly RegisterRow[]): Registers {
  return Object.fromEntries(
    rows.map(({ aspect, occurred_at, data }) => [aspect, { at: occurred_at, data: read(aspect, data) }]),
  )
}

function read(aspect: Aspect, data: unknown): unknown {
  const result = contents[aspect].safeParse(data)
  if (result.success) return result.data
  throw new Fault('internal', 'unreadable_rows', 'Internal error', { cause: result.error })
}
