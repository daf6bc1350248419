import type { RecordedCall } from './recording.ts'

/** One viewer session that ended. */
export interface ExpectedSession {
  session_id: string
  seconds: number
  egress_bytes: number
  ingress_bytes: number
}

/** What a recording says of one stream, computed from its lines alone. */
export interface Expected {
  sessions: ExpectedSession[]
  runs: {
    ingress_bytes: number
    egress_bytes: number
    viewers: number
    inputs: number
    outputs: number
    viewer_seconds: number
  }[]
  recordings: { bytes: number; media_ms: number }[]
  /** Track names of each list, sorted, oldest list first; an empty one when the last track went. */
  tracks: string[][]
}

/** Computes the truth by stream name from the file: it shares no code with the product, so that the two can disagree. */
export function computeTruth(calls: readonly RecordedCall[]): Map<string, Expected> {
  const streams = new Map<string, Expected>()
  const of = (name: string): Expected => {
    const known = streams.get(name)
    if (known) return known
    const fresh = { sessions: [], runs: [], recordings: [], tracks: [] }
    streams.set(name, fresh)
    return fresh
  }
  for (const { trigger, body } of calls) {
    const fields = body.split('\n')
    if (trigger === 'USER_END') addSession(fields, of)
    if (trigger === 'STREAM_END') {
      const [down, up, viewers, inputs, outputs, viewer_seconds] = fields.slice(-6).map(Number)
      of(fields.slice(0, -6).join('\n').trim()).runs.push({
        ingress_bytes: number(down),
        egress_bytes: number(up),
        viewers: number(viewers),
        inputs: number(inputs),
        outputs: number(outputs),
        viewer_seconds: number(viewer_seconds),
      })
    }
    if (trigger === 'RECORDING_END') {
      const [bytes, media_ms] = [number(Number(fields[3])), number(Number(fields[7]))]
      of(fields[0] ?? '').recordings.push({ bytes, media_ms })
    }
    if (trigger === 'LIVE_TRACK_LIST') {
      const json = body.slice(body.indexOf('\n')).trim()
      of((fields[0] ?? '').trim()).tracks.push(json === '' ? [] : Object.keys(JSON.parse(json)).sort())
    }
  }
  return streams
}

/** Lines: token, streams, connectors, hosts, seconds, up, down, …, session id. `up` is server to viewer. */
function addSession(fields: string[], of: (name: string) => Expected): void {
  const [, streams = '', , , seconds, up, down] = fields
  const session_id = fields.at(-1) ?? ''
  if (/^[IO]/.test(session_id)) return
  of(mainStream(streams, fields[10] ?? '')).sessions.push({
    session_id,
    seconds: number(Number(seconds)),
    egress_bytes: number(Number(up)),
    ingress_bytes: number(Number(down)),
  })
}

/** A session that moved between streams belongs to the one it watched longest. */
function mainStream(streams: string, seconds: string): string {
  const [names, times] = [streams.split(','), seconds.split(',').map(Number)]
  const longest = Math.max(...times)
  return names[Math.max(0, times.indexOf(longest))] ?? ''
}

function number(value: number | undefined): number {
  if (value === undefined || !Number.isSafeInteger(value))
    throw new Error('the recording has a line without its number')
  return value
}

/** Sums over the sessions, runs and recordings of a stream, named as the answers name them. */
export function sumExpected({ sessions, runs, recordings, tracks }: Expected) {
  return {
    sessions: sessions.length,
    viewer_seconds: sum(sessions, ({ seconds }) => seconds),
    egress_bytes: sum(sessions, ({ egress_bytes }) => egress_bytes),
    ingress_bytes: sum(sessions, ({ ingress_bytes }) => ingress_bytes),
    runs: runs.length,
    run_ingress_bytes: sum(runs, ({ ingress_bytes }) => ingress_bytes),
    run_egress_bytes: sum(runs, ({ egress_bytes }) => egress_bytes),
    run_viewers: sum(runs, ({ viewers }) => viewers),
    run_viewer_seconds: sum(runs, ({ viewer_seconds }) => viewer_seconds),
    recordings: recordings.length,
    recorded_ms: sum(recordings, ({ media_ms }) => media_ms),
    recorded_bytes: sum(recordings, ({ bytes }) => bytes),
    track_lists: tracks.length,
  }
}
export type Sums = ReturnType<typeof sumExpected>

function sum<T>(items: readonly T[], read: (item: T) => number): number {
  return items.reduce((total, item) => total + read(item), 0)
}
