import { z } from 'zod'
import { Health } from './health.ts'
import { readCount, readJson, readLines, readTerminatedLines, unreadable } from './payload.ts'

const states = ['FULL', 'DRY', 'RECOVER', 'EMPTY'] as const
type BufferState = (typeof states)[number]

const Figure = z.number().nonnegative().optional()
const ListedTrack = z.looseObject({
  type: z.string(),
  codec: z.string(),
  bps: Figure,
  width: Figure,
  height: Figure,
  fpks: Figure,
  efpks: Figure,
  channels: Figure,
  rate: Figure,
})
export type ListedTrack = z.infer<typeof ListedTrack>
const TrackList = z.record(z.string(), ListedTrack).nullable()

export const media = {
  STREAM_BUFFER: { blocking: false, parse: parseBuffer },
  LIVE_TRACK_LIST: { blocking: false, parse: parseTrackList },
} as const

/** The third line is the health, or at the end of an input the last media time in ms, or not there. */
function parseBuffer(payload: string) {
  const lines = payload.split('\n')
  const at = lines.findLastIndex(isState)
  const state = lines[at]
  if (at < 1 || state === undefined || !isState(state)) throw unreadable('trigger_lines', 'no state of the buffer')
  const { stream_name } = readLines(lines.slice(0, at).join('\n'), 'stream_name')
  const [detail = '', ...rest] = lines.slice(at + 1)
  if (rest.length > 0) throw unreadable('trigger_lines', '3 lines expected, more came')
  if (state === 'EMPTY') {
    return { stream_name, state, health: null, final_media_ms: detail === '' ? null : readCount(detail, 'media ms') }
  }
  return { stream_name, state, health: readJson(detail, Health, 'health'), final_media_ms: null }
}

function isState(line: string): line is BufferState {
  return states.some((state) => state === line)
}

/** The list is empty once the last track has gone. */
function parseTrackList(payload: string) {
  const { stream_name, list } = readTerminatedLines(payload, 'stream_name', 'list')
  const tracks = list === '' ? {} : (readJson(list, TrackList, 'tracks') ?? {})
  return { stream_name, tracks }
}
