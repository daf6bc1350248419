import { z } from 'zod'
import { readCount, readCountOrNone, readJson, readLines, readTerminatedLines } from './payload.ts'

const Tracks = z.looseObject({ tracks: z.array(z.looseObject({ codec: z.string(), type: z.string() })).nullable() })

const written = [
  'stream_name',
  'target',
  'format',
  'bytes',
  'seconds',
  'start',
  'end',
  'media_ms',
  'first_ms',
  'last_ms',
  'reason_code',
  'reason',
] as const

export const recording = {
  RECORDING_END: { blocking: false, parse: parseRecordingEnd },
  OUTPUT_END: { blocking: false, parse: parseOutputEnd },
  RECORDING_SEGMENT: { blocking: false, parse: parseSegment },
} as const

function parseRecordingEnd(payload: string) {
  const { tracks, ...lines } = readTerminatedLines(payload, ...written, 'tracks')
  return { ...toWritten(lines), tracks: tracks === '' ? [] : (readJson(tracks, Tracks, 'tracks').tracks ?? []) }
}

function parseOutputEnd(payload: string) {
  return toWritten(readTerminatedLines(payload, ...written))
}

/** `start` and `end` are Unix seconds; the `_ms` are media time, none when nothing was written. */
function toWritten(lines: Record<(typeof written)[number], string>) {
  return {
    ...lines,
    bytes: readCount(lines.bytes, 'bytes'),
    seconds: readCount(lines.seconds, 'seconds'),
    start: readCount(lines.start, 'start'),
    end: readCount(lines.end, 'end'),
    media_ms: readCount(lines.media_ms, 'media_ms'),
    first_ms: readCountOrNone(lines.first_ms, 'first_ms'),
    last_ms: readCountOrNone(lines.last_ms, 'last_ms'),
  }
}

function parseSegment(payload: string) {
  const lines = readLines(payload, 'stream_name', 'path', 'media_ms', 'first_ms', 'last_ms')
  return {
    ...lines,
    media_ms: readCount(lines.media_ms, 'media_ms'),
    first_ms: readCountOrNone(lines.first_ms, 'first_ms'),
    last_ms: readCountOrNone(lines.last_ms, 'last_ms'),
  }
}
