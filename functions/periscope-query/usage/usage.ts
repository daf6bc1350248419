import { z } from 'zod'
import type { Usage, UsageQuery, UsageSums } from '../../../shared/contract/periscope-query.ts'
import type { Ctx } from '../deps.ts'
import { type Reader, readerOf } from '../rows/reader.ts'
import { whole } from '../rows/row.ts'
import { fragment, whole as wholeValue } from '../rows/source.ts'
import { streamReaderOf } from '../streams/reader.ts'
import { readCompleteUntil } from './complete.ts'

/** What of one kind ended in a window, the windows counted from the start of the range. */
const Ended = z.object({
  ...{ kind: z.enum(['session', 'run', 'recording']), window: whole, count: whole },
  ...{
    egress_bytes: whole,
    ingress_bytes: whole,
    viewer_seconds: whole,
    viewers: whole,
    inputs: whole,
    outputs: whole,
  },
  ...{ recorded_ms: whole, recorded_bytes: whole },
})

type Kind = z.output<typeof Ended>['kind']

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

/** The sums of each window, by its number; of all kinds in one question, as each question costs time of its own. */
async function sumByWindow({ ask, rows }: UsageReader, range: UsageQuery, stepMs: number) {
  const start = wholeValue(Date.parse(range.from))
  const window = fragment`intDiv(toUnixTimestamp64Milli(occurred_at) - ${start}, ${wholeValue(stepMs)}) AS window`
  const found = await ask(Ended)`
    SELECT 'session' AS kind, ${window}, count() AS count, sum(ended.egress_bytes) AS egress_bytes,
      sum(ended.ingress_bytes) AS ingress_bytes, sum(seconds) AS viewer_seconds, toUInt64(0) AS viewers, toUInt64(0) AS inputs,
      toUInt64(0) AS outputs, toUInt64(0) AS recorded_ms, toUInt64(0) AS recorded_bytes
    FROM ${rows('final_sessions', range)} AS ended GROUP BY window
    UNION ALL
    SELECT 'run', ${window}, count(), sum(egress_bytes), sum(ingress_bytes), sum(viewer_seconds), sum(viewers), sum(inputs), sum(outputs), 0, 0
    FROM ${rows('final_runs', range)} AS ran GROUP BY window
    UNION ALL
    SELECT 'recording', ${window}, count(), 0, 0, 0, 0, 0, 0, sum(media_ms), sum(ifNull(bytes, 0))
    FROM ${rows('final_recordings', range)} AS recorded GROUP BY window`
  const byKind = Map.groupBy(found, ({ kind }) => kind)
  const windowsOf = (kind: Kind) => new Map((byKind.get(kind) ?? []).map((sums) => [sums.window, sums]))
  const [sessions, runs, recordings] = [windowsOf('session'), windowsOf('run'), windowsOf('recording')]
  return (number: number): UsageSums => {
    const [session, run, recording] = [sessions.get(number), runs.get(number), recordings.get(number)]
    return {
      sessions: session?.count ?? 0,
      viewer_seconds: session?.viewer_seconds ?? 0,
      egress_bytes: session?.egress_bytes ?? 0,
      ingress_bytes: session?.ingress_bytes ?? 0,
      runs: run === undefined ? nothing.runs : pick(run, runNames),
      recordings: recording?.count ?? 0,
      recorded_seconds: (recording?.recorded_ms ?? 0) / 1000,
      recorded_bytes: recording?.recorded_bytes ?? 0,
    }
  }
}

function pick<K extends string>(from: Record<K, number>, names: readonly K[]): Record<K, number> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Record<K, number>
}

const nothing: UsageSums = {
  ...{ sessions: 0, viewer_seconds: 0, egress_bytes: 0, ingress_bytes: 0 },
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
