import { z } from 'zod'
import { readCount, readJson, readLines, unreadable } from './payload.ts'

const ClosedTracks = z.array(z.looseObject({ codec: z.string(), type: z.string() })).nullable()

export const ingest = {
  PUSH_REWRITE: { blocking: true, parse: parseRewrite },
  RTMP_PUSH_REWRITE: { blocking: true, parse: (payload: string) => readLines(payload, 'request_url', 'host') },
  PUSH_INPUT_CLOSE: { blocking: false, parse: parseClose },
  INPUT_ABORT: { blocking: false, parse: parseAbort },
} as const

/** The name is the publisher's text and comes last: what follows the host is the name, whatever it holds. */
function parseRewrite(payload: string) {
  const [request_url, host, ...name] = payload.split('\n')
  if (request_url === undefined || host === undefined || name.length === 0) {
    throw unreadable('trigger_lines', '3 lines expected')
  }
  return { request_url, host, stream_key: name.join('\n').trim() }
}

function parseClose(payload: string) {
  const lines = readLines(payload, 'stream_name', 'host', 'connector', 'pid', 'reason_code', 'reason', 'tracks')
  return {
    ...lines,
    pid: readCount(lines.pid, 'pid'),
    tracks: lines.tracks === '' ? [] : readJson(lines.tracks, ClosedTracks, 'tracks'),
  }
}

function parseAbort(payload: string) {
  const lines = readLines(payload, 'stream_name', 'source', 'binary', 'pid', 'reason_code', 'reason')
  return { ...lines, pid: readCount(lines.pid, 'pid') }
}
