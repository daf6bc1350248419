import { z } from 'zod'
import { readCount, readJson, readLines } from './payload.ts'

export const process = {
  PROCESS_EXIT: { blocking: false, parse: parseExit },
  LIVEPEER_SEGMENT_REJECTED: { blocking: false, parse: parseRejected },
  LIVEPEER_SEGMENT_COMPLETE: { blocking: false, parse: parseComplete },
  PROCESS_AV_VIRTUAL_SEGMENT_COMPLETE: { blocking: false, parse: parseVirtual },
  THUMBNAIL_UPDATED: {
    blocking: false,
    parse: (payload: string) => readLines(payload, 'stream_name', 'poster', 'sprite', 'sprite_map'),
  },
} as const

function parseExit(payload: string) {
  const lines = readLines(
    payload,
    'stream_name',
    'process',
    'config',
    'pid',
    'exit_code',
    'boots',
    'status',
    'reason_code',
    'reason',
  )
  return {
    ...lines,
    config: readJson(lines.config, z.looseObject({}), 'config'),
    pid: readCount(lines.pid, 'pid'),
    exit_code: Number(lines.exit_code),
    boots: readCount(lines.boots, 'boots'),
  }
}

function parseRejected(payload: string) {
  const lines = readLines(payload, 'options', 'segment', 'track', 'broadcaster', 'broadcaster_2')
  return { options: readJson(lines.options, z.looseObject({}), 'options'), broadcaster: lines.broadcaster }
}

const Rendition = z.looseObject({ name: z.string(), bytes: z.number() })

/** Fifteen lines, of which these are used. */
function parseComplete(payload: string) {
  const lines = readLines(
    payload,
    'stream_name',
    'session_id',
    'number',
    'start_ms',
    'duration_ms',
    'width',
    'height',
    'input_bytes',
    'output_bytes',
    'rendition_count',
    'attempts',
    'broadcaster',
    'turnaround_ms',
    'speed',
    'renditions',
  )
  return {
    stream_name: lines.stream_name,
    session_id: lines.session_id,
    number: readCount(lines.number, 'number'),
    duration_ms: readCount(lines.duration_ms, 'duration_ms'),
    input_bytes: readCount(lines.input_bytes, 'input_bytes'),
    output_bytes: readCount(lines.output_bytes, 'output_bytes'),
    renditions: readJson(lines.renditions, z.array(Rendition), 'renditions'),
  }
}

const VIRTUAL_LINES = 31

/** Of its 31 lines: the stream, the kind of track, the seconds since the last one, the codecs, and whether it was the last. */
function parseVirtual(payload: string) {
  const rest = Array.from({ length: VIRTUAL_LINES - 1 }, (_, i) => `line_${i + 2}` as const)
  const lines = readLines(payload, 'stream_name', ...rest)
  return {
    stream_name: lines.stream_name,
    track_kind: lines.line_2,
    input_codec: lines.line_13,
    output_codec: lines.line_14,
    final: lines.line_31 === '1',
  }
}
