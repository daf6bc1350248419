import { z } from 'zod'
import { readCount, readJson, readLines } from './payload.ts'

/** Unix seconds, level, text, and where it came from. */
const LogLine = z.tuple([z.number(), z.string(), z.string()]).rest(z.unknown())
const Status = z.looseObject({
  active_ms: z.number().optional(),
  bytes: z.number().optional(),
  media_tx: z.number().optional(),
})

export const push = {
  PUSH_OUT_START: { blocking: true, parse: (payload: string) => readLines(payload, 'stream_name', 'target') },
  PUSH_END: { blocking: false, parse: parseEnd },
} as const

/** The push id leads, so the name that may hold a newline is in the middle: it is what lies between. */
function parseEnd(payload: string) {
  const newline = payload.indexOf('\n')
  const lines = readLines(payload.slice(newline + 1), 'stream_name', 'original_target', 'target', 'log', 'status')
  return {
    push_id: readCount(payload.slice(0, Math.max(newline, 0)), 'push id'),
    stream_name: lines.stream_name,
    original_target: lines.original_target,
    target: lines.target,
    log: lines.log === '' ? [] : (readJson(lines.log, z.array(LogLine).nullable(), 'log') ?? []),
    status: lines.status === '' ? null : readJson(lines.status, Status.nullable(), 'status'),
  }
}
