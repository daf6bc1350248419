import { type Expected, type ExpectedSession, sumExpected } from './expected.ts'
import type { Answered } from './periscope.ts'

/** One figure of one stream, recorded and answered. */
export interface Row {
  stream: string
  figure: string
  recorded: string
  answered: string
  same: boolean
}

/** Sets every figure of a stream side by side, and the sessions and tracks one by one. */
export function compareStream(stream: string, expected: Expected, answered: Answered): Row[] {
  const sums = Object.entries(sumExpected(expected)).map(([figure, value]) => {
    const answer = answered.sums[figure as keyof Answered['sums']]
    return compareCounts({ stream, figure }, value, answer)
  })
  const sessions = compareLists(expected.sessions.map(line).sort(), answered.sessions.map(line).sort())
  const tracks = compareLists(expected.tracks.map(String), answered.tracks.map(String))
  return [...sums, { stream, figure: 'each session', ...sessions }, { stream, figure: 'each track list', ...tracks }]
}

/** An event without an owner, as operators see it. */
interface Listed {
  stream_name: string
  event_type: string
  event: { data?: unknown }
}

/** Facts without an owner: how many of each kind the recording has, and how many the operators see. */
export function compareUnattributed(expected: ReadonlyMap<string, Expected>, listed: readonly Listed[]): Row[] {
  return [...expected].flatMap(([stream, { sessions, runs, tracks }]) => {
    const counts = { 'user-connection': sessions.length, 'stream-end': runs.length, 'track-list': tracks.length }
    return Object.entries(counts).map(([figure, recorded]) => {
      const found = listed.filter(
        (entry) => entry.stream_name === stream && entry.event_type === figure && isEnd(entry.event.data),
      )
      return compareCounts({ stream, figure }, recorded, found.length)
    })
  })
}

function compareCounts(of: Pick<Row, 'stream' | 'figure'>, recorded: number, answered: number): Row {
  return { ...of, recorded: String(recorded), answered: String(answered), same: recorded === answered }
}

/** A viewer's arrival is an event of the same type as the departure, which alone is a fact. */
function isEnd(data: unknown): boolean {
  return !(typeof data === 'object' && data !== null && 'action' in data && data.action !== 'disconnect')
}

function line({ session_id, seconds, egress_bytes, ingress_bytes }: ExpectedSession): string {
  return `${session_id} ${seconds} s ${egress_bytes} ${ingress_bytes}`
}

/** Two lists as a count where they are equal, or else with the first entry that differs. */
function compareLists(recorded: readonly string[], answered: readonly string[]) {
  const length = Math.max(recorded.length, answered.length)
  const at = Array.from({ length }, (_, i) => i).find((i) => recorded[i] !== answered[i])
  if (at === undefined) return { recorded: `${length} equal`, answered: `${length} equal`, same: true }
  return { recorded: recorded[at] ?? 'nothing', answered: answered[at] ?? 'nothing', same: false }
}

const MARKS = { same: ' ', different: '≠' }

/** A table for a terminal; figures that are zero on both sides are left out. */
export function formatTable(rows: readonly Row[]): string {
  const shown = rows.filter(
    ({ recorded, answered, same }) => !same || !(recorded.startsWith('0') && recorded === answered),
  )
  const head = { stream: 'stream', figure: 'figure', recorded: 'recorded', answered: 'answered', same: true }
  const widthOf = (key: 'stream' | 'figure' | 'recorded' | 'answered') =>
    Math.max(...[head, ...shown].map((row) => row[key].length))
  const [stream, figure, recorded, answered] = (['stream', 'figure', 'recorded', 'answered'] as const).map(widthOf)
  return [head, ...shown]
    .map((row) =>
      [
        row.same ? MARKS.same : MARKS.different,
        row.stream.padEnd(stream ?? 0),
        row.figure.padEnd(figure ?? 0),
        row.recorded.padStart(recorded ?? 0),
        row.answered.padStart(answered ?? 0),
      ].join('  '),
    )
    .join('\n')
}
