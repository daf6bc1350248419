import { z } from 'zod'
import type { Usage, UsageQuery, UsageSums } from '../../../shared/contract/periscope-query.ts'
import type { Ctx } from '../deps.ts'
import { type Reader, readerOf } from '../rows/reader.ts'
import { whole } from '../rows/row.ts'
import { whole as wholeValue } from '../rows/source.ts'
import { streamReaderOf } from '../streams/reader.ts'
import { readCompleteUntil } from './complete.ts'

/** Sums by window, the windows counted from the start of the range. */
const SessionSums = z.object({
  ...{ window: whole, sessions: whole },
  ...{ viewer_seconds: whole, egress_bytes: whole, ingress_bytes: whole },
})
const RunSums = z.object({
  ...{ window: whole, count: whole, viewers: whole, inputs: whole, outputs: whole },
  ...{ viewer_seconds: whole, egress_bytes: whole, ingress_bytes: whole },
})
const RecordingSums = z.object({ window: whole, ended: whole, recorded_ms: whole, recorded_bytes: whole })

type UsageReader = Pick<Reader, 'ask' | 'rows' | 'hosts'>

/** What one stream of the caller's used within a range. */
export async function streamUsage(ctx: Ctx, streamId: string, range: UsageQuery): Promise<Usage> {
  return { stream_id: streamId, ...(await sumUp(await streamReaderOf(ctx, streamId), range, ctx.now())) }
}

/** What all streams of the caller's tenant used within a range. */
export async function tenantUsage(ctx: Ctx, range: UsageQuery): Promise<Usage> {
  return { stream_id: null, ...(await sumUp(readerOf(ctx), range, ctx.now())) }
}

async function sumUp(reader: UsageReader, query: UsageQuery, now: Date): Promise<Omit<Usage, 'stream_id'>> {
  const { from, to, step_seconds } = query
  const lengthMs = Date.parse(to) - Date.parse(from)
  const stepMs = step_seconds === undefined ? lengthMs : step_seconds * 1000
  const [sums, complete_until] = await Promise.all([
    sumByWindow(reader, query, stepMs),
    readCompleteUntil(reader, query, now),
  ])
  const all = Array.from({ length: Math.ceil(lengthMs / stepMs) }, (_, window) => sums(window))
  const windows = all.map((window, index) => {
    const at = Date.parse(from) + index * stepMs
    return { from: toTime(at), to: toTime(Math.min(at + stepMs, Date.parse(to))), ...window }
  })
  const total = all.reduce(add, nothing)
  return { from, to, ...total, complete_until, windows: step_seconds === undefined ? [] : windows }
}

/** The sums of each window, by its number. */
async function sumByWindow({ ask, rows }: UsageReader, range: UsageQuery, stepMs: number) {
  const start = wholeValue(Date.parse(range.from))
  const step = wholeValue(stepMs)
  const [sessions, runs, recordings] = await Promise.all([
    ask(SessionSums)`
      SELECT intDiv(toUnixTimestamp64Milli(occurred_at) - ${start}, ${step}) AS window, count() AS sessions,
        sum(seconds) AS viewer_seconds, sum(ended.egress_bytes) AS egress_bytes, sum(ended.ingress_bytes) AS ingress_bytes
      FROM ${rows('final_sessions', range)} AS ended GROUP BY window`,
    ask(RunSums)`
      SELECT intDiv(toUnixTimestamp64Milli(occurred_at) - ${start}, ${step}) AS window, count() AS count,
        sum(runs.ingress_bytes) AS ingress_bytes, sum(runs.egress_bytes) AS egress_bytes,
        sum(runs.viewer_seconds) AS viewer_seconds, sum(runs.viewers) AS viewers, sum(runs.inputs) AS inputs,
        sum(runs.outputs) AS outputs
      FROM ${rows('final_runs', range)} AS runs GROUP BY window`,
    ask(RecordingSums)`
      SELECT intDiv(toUnixTimestamp64Milli(occurred_at) - ${start}, ${step}) AS window, count() AS ended,
        sum(media_ms) AS recorded_ms, sum(ifNull(bytes, 0)) AS recorded_bytes
      FROM ${rows('final_recordings', range)} GROUP BY window`,
  ])
  const [sessionsOf, runsOf, recordingsOf] = [byWindow(sessions), byWindow(runs), byWindow(recordings)]
  return (window: number): UsageSums => {
    const { ended, recorded_ms, recorded_bytes } = recordingsOf.get(window) ?? {
      ...{ ended: 0, recorded_ms: 0, recorded_bytes: 0 },
    }
    return {
      ...(sessionsOf.get(window) ?? noSessions),
      runs: runsOf.get(window) ?? nothing.runs,
      recordings: ended,
      recorded_seconds: recorded_ms / 1000,
      recorded_bytes,
    }
  }
}

function byWindow<R extends { window: number }>(rows: readonly R[]): Map<number, Omit<R, 'window'>> {
  return new Map(rows.map(({ window, ...sums }) => [window, sums]))
}

const noSessions = { sessions: 0, viewer_seconds: 0, egress_bytes: 0, ingress_bytes: 0 }
const nothing: UsageSums = {
  ...noSessions,
  runs: { count: 0, ingress_bytes: 0, egress_bytes: 0, viewer_seconds: 0, viewers: 0, inputs: 0, outputs: 0 },
  ...{ recordings: 0, recorded_seconds: 0, recorded_bytes: 0 },
}

function add(a: UsageSums, b: UsageSums): UsageSums {
  const sum = <K extends string>(x: Record<K, number>, y: Record<K, number>, names: readonly K[]) =>
    Object.fromEntries(names.map((name) => [name, x[name] + y[name]])) as Record<K, number>
  const runs = sum(a.runs, b.runs, runNames)
  const recorded_seconds = (Math.round(a.recorded_seconds * 1000) + Math.round(b.recorded_seconds * 1000)) / 1000
  return { ...sum(a, b, sumNames), runs, recorded_seconds }
}

const sumNames = [
  'sessions',
  'viewer_seconds',
  'egress_bytes',
  'ingress_bytes',
  'recordings',
  'recorded_bytes',
] as const
const runNames = ['count', 'ingress_bytes', 'egress_bytes', 'viewer_seconds', 'viewers', 'inputs', 'outputs'] as const

function toTime(ms: number): string {
  return new Date(ms).toISOString()
}
