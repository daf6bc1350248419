import { readLines, readTerminatedLines } from './payload.ts'

export const connection = {
  CONN_OPEN: { blocking: true, parse: parseConnection },
  CONN_PLAY: { blocking: true, parse: parseConnection },
  CONN_CLOSE: { blocking: false, parse: parseConnection },
  CONN_STOP: { blocking: false, parse: parseStop },
  STREAM_PUSH: { blocking: true, parse: parseConnection },
  PLAY_REWRITE: { blocking: true, parse: parseConnection },
  DEFAULT_STREAM: { blocking: true, parse: parseDefault },
} as const

function parseConnection(payload: string) {
  return readLines(payload, 'stream_name', 'host', 'connector', 'request_url')
}

function parseStop(payload: string) {
  return readTerminatedLines(payload, 'stream_name', 'host', 'connector')
}

function parseDefault(payload: string) {
  return readLines(payload, 'default_stream', 'stream_name', 'host', 'connector', 'request_url')
}
