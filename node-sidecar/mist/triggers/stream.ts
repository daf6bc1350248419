import { z } from 'zod'
import { readCount, readJson, readLines } from './payload.ts'

const Config = z.looseObject({})

export const stream = {
  STREAM_ADD: { blocking: true, parse: parseConfig },
  STREAM_CONFIG: { blocking: true, parse: parseConfig },
  STREAM_REMOVE: { blocking: true, parse: parseName },
  STREAM_LOAD: { blocking: true, parse: parseName },
  STREAM_SOURCE: { blocking: true, parse: parseName },
  STREAM_PROCESS: { blocking: true, parse: parseName },
  STREAM_READY: { blocking: true, parse: parseReady },
  STREAM_UNLOAD: { blocking: true, parse: parseUnload },
  STREAM_END: { blocking: false, parse: parseEnd },
  LIVE_BANDWIDTH: { blocking: true, parse: parseBandwidth },
} as const

function parseName(payload: string) {
  return readLines(payload, 'stream_name')
}

function parseConfig(payload: string) {
  const { stream_name, config } = readLines(payload, 'stream_name', 'config')
  return { stream_name, config: readJson(config, Config, 'config') }
}

function parseReady(payload: string) {
  return readLines(payload, 'stream_name', 'input_type')
}

/** The reason is glued to whether the unload can be cancelled: `uncancelablesource disconnected`. */
function parseUnload(payload: string) {
  const { stream_name, input_type, outcome } = readLines(payload, 'stream_name', 'input_type', 'outcome')
  const cancelable = !outcome.startsWith('un')
  return { stream_name, input_type, cancelable, reason: outcome.replace(/^(un)?cancelable/, '').trim() }
}

/** MistServer's down is towards the server. */
function parseEnd(payload: string) {
  const lines = readLines(payload, 'stream_name', 'down', 'up', 'viewers', 'inputs', 'outputs', 'viewer_seconds')
  return {
    stream_name: lines.stream_name,
    ingress_bytes: readCount(lines.down, 'down'),
    egress_bytes: readCount(lines.up, 'up'),
    viewers: readCount(lines.viewers, 'viewers'),
    inputs: readCount(lines.inputs, 'inputs'),
    outputs: readCount(lines.outputs, 'outputs'),
    viewer_seconds: readCount(lines.viewer_seconds, 'viewer_seconds'),
  }
}

function parseBandwidth(payload: string) {
  const { stream_name, rate } = readLines(payload, 'stream_name', 'rate')
  return { stream_name, bytes_per_second: readCount(rate, 'rate') }
}
