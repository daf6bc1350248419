import { readFile } from 'node:fs/promises'
import { z } from 'zod'

const Line = z.object({
  t_ms: z.number(),
  trigger: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
})

/** One recorded call of a trigger: `t_ms` since the start, `body` exactly as it was sent. */
export type RecordedCall = z.infer<typeof Line>

/** Reads a recording, one JSON object a line; a line that is none stops it with its number. */
export async function readRecording(path: string): Promise<RecordedCall[]> {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  return lines.map((line, index) => {
    const read = Line.safeParse(parseJson(line))
    if (read.success) return read.data
    throw new Error(`${path}:${index + 1} is not a recorded trigger`, { cause: read.error })
  })
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** The half-open range of time that a recording covers, in RFC 3339. */
export function timeRangeOf(calls: readonly RecordedCall[]): { from: string; to: string } {
  const times = calls.map(({ headers }) => Number(headers['X-Trigger-UnixMillis'])).filter(Number.isSafeInteger)
  if (times.length === 0) throw new Error('the recording names no time')
  const [first, last] = [Math.min(...times), Math.max(...times)]
  return { from: new Date(first).toISOString(), to: new Date(last + 1).toISOString() }
}
