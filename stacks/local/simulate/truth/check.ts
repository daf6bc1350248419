import { HOST_HEARD } from '../../../../shared/events/host-heard.ts'
import type { ConsumedRecord } from '../../../../shared/kafka/event-log.ts'
import { streamIdOf, TENANT_ID } from '../world/control-plane.ts'
import { wrongLetters } from './letters.ts'
import type { Life } from './lives.ts'
import { placeOf, same, type Truth } from './truth.ts'

type Row = Record<string, unknown>

/** Where events ended up, as anybody could read it. */
export interface Ends {
  /** Rows of a table, each event once. */
  rows(table: string): readonly Row[]
  registers(table: string): readonly Row[]
  /** The event log, partition by partition. */
  log: readonly (readonly ConsumedRecord[])[]
  /** What Periscope Ingest could not store. */
  letters: readonly ConsumedRecord[]
  /** Ids of events that a host keeps as dead letters. */
  buried: ReadonlySet<string>
}

/** How close a life under the same key may begin after another for the two to look like one to polls. */
export const MERGE_MS = 150_000

/** Everything that is not as it was promised; nothing when all is well. */
export function findProblems(truth: Truth, ends: Ends): string[] {
  const isGood = (record: ConsumedRecord) => !truth.poison.has(placeOf(record))
  const good = { ...ends, log: ends.log.map((partition) => partition.filter(isGood)) }
  const events = { ...good, log: good.log.map((partition) => partition.filter((record) => !isMark(record))) }
  return [
    ...missingNotices(truth, ends),
    ...wrongLives(truth, ends),
    ...disorder(truth, events),
    ...staleRegisters(events),
    ...earlyMarks(truth, good),
    ...wrongLetters(truth, ends),
  ]
}

/** The table that holds what a notice tells. */
const tableOf: Record<string, string> = {
  USER_END: 'viewer_sessions',
  STREAM_END: 'stream_runs',
  RECORDING_END: 'recordings',
  PUSH_INPUT_CLOSE: 'ingest_attempts',
  STREAM_BUFFER: 'buffer_states',
  LIVE_TRACK_LIST: 'track_lists',
}

/** What was answered with 200 is stored once, for the tenant, with the figures that were told. */
function missingNotices(truth: Truth, ends: Ends): string[] {
  const problems: string[] = []
  const stored = new Map(
    [...new Set(Object.values(tableOf))].map((table) => [table, Map.groupBy(ends.rows(table), (row) => row.event_id)]),
  )
  for (const { trigger, event_id, lines, taken, node_id } of truth.notices.values()) {
    const table = tableOf[trigger]
    if (table === undefined) continue
    const rows = stored.get(table)?.get(event_id) ?? []
    const name = `${trigger} ${event_id} of ${node_id}`
    if (rows.length > 1) problems.push(`${name} is stored ${rows.length} times`)
    if (rows.length === 0 && taken && !ends.buried.has(event_id)) problems.push(`${name} was acknowledged and is lost`)
    for (const row of rows) {
      if (row.tenant_id !== TENANT_ID) problems.push(`${name} is filed under ${row.tenant_id}`)
      if (trigger === 'RECORDING_END' && (row.bytes !== Number(lines[3]) || row.media_ms !== Number(lines[7]))) {
        problems.push(`${name} is stored with other figures`)
      }
    }
  }
  return problems
}

/** Each session and each run counts once at most, and once for certain when its end was heard or its life was seen. */
function wrongLives({ lives }: Truth, ends: Ends): string[] {
  const problems: string[] = []
  for (const [kind, table, keyOf, secondsOf] of [
    ['session', 'viewer_sessions', (row: Row) => row.session_id, 'seconds'],
    ['run', 'stream_runs', (row: Row) => row.stream_id, 'viewer_seconds'],
  ] as const) {
    const all = lives.all.filter((life) => life.kind === kind)
    const unclaimed = new Set(ends.rows(table))
    const claims = new Map<Life, Row[]>(all.map((life) => [life, []]))
    const claim = (row: Row, life: Life) => {
      unclaimed.delete(row)
      claims.get(life)?.push(row)
    }
    const byEvent = new Map(all.flatMap((life) => (life.event_id === null ? [] : [[life.event_id, life] as const])))
    for (const row of ends.rows(table)) {
      const life = byEvent.get(String(row.event_id))
      if (life === undefined) continue
      claim(row, life)
      if (!same(figuresOf(row, secondsOf), life.final ?? NONE))
        problems.push(`${nameOf(life)} is stored with other figures`)
    }
    // What was made up shows what a poll was told, of the life that it was told of.
    for (const row of [...unclaimed]) {
      const figures = figuresOf(row, secondsOf)
      const candidates = all.filter(
        (life) =>
          life.node_id === row.node_id &&
          (kind === 'session' ? life.key : streamIdOf(life.key.replace('live+', ''))) === keyOf(row) &&
          life.samples.some((sample) => same(sample, figures)),
      )
      const life = candidates.find((each) => claims.get(each)?.length === 0) ?? candidates[0]
      if (life !== undefined) claim(row, life)
    }
    for (const row of unclaimed) problems.push(`a ${kind} is stored that never was: ${JSON.stringify(row)}`)
    for (const [life, rows] of claims) {
      if (rows.length > 1) problems.push(`${nameOf(life)} counts ${rows.length} times`)
      const merged = all.some(
        (other) => other !== life && other.key === life.key && other.node_id === life.node_id && follows(life, other),
      )
      const due = life.taken ? !ends.buried.has(life.event_id ?? '') : life.witnessed && !merged
      if (rows.length === 0 && due) problems.push(`${nameOf(life)} is lost`)
    }
  }
  return problems
}

const NONE = { seconds: -1, egress_bytes: -1, ingress_bytes: -1 }

function follows(life: Life, other: Life): boolean {
  return life.endedAt !== null && other.beganAt >= life.beganAt && other.beganAt - life.endedAt < MERGE_MS
}

function figuresOf(row: Row, seconds: string) {
  return {
    seconds: Number(row[seconds]),
    egress_bytes: Number(row.egress_bytes),
    ingress_bytes: Number(row.ingress_bytes),
  }
}

function nameOf({ kind, key, node_id, taken, witnessed }: Life): string {
  return `${kind} ${key} of ${node_id} (${taken ? 'heard' : witnessed ? 'seen' : 'unheard'})`
}

/** Events of one key are in the log in the order in which their host journalled them, repeats aside. */
function disorder(truth: Truth, { log }: Ends): string[] {
  const problems: string[] = []
  const rank = new Map([...truth.sent.values()].flatMap((ids) => ids.map((id, i) => [id, i] as const)))
  const newest = new Map<string, number>()
  const seen = new Set<string>()
  for (const { key, headers, value } of log.flat()) {
    const { event_id = '' } = headers
    if (seen.has(event_id)) continue
    seen.add(event_id)
    const { node_id } = JSON.parse(Buffer.from(value).toString())
    const lane = `${key} ${node_id}`
    const place = rank.get(event_id)
    if (place === undefined) problems.push(`${event_id} is in the log and was never sent`)
    else if (place < (newest.get(lane) ?? -1)) problems.push(`${event_id} was overtaken under ${key}`)
    else newest.set(lane, place)
  }
  return problems
}

function isMark({ headers }: ConsumedRecord): boolean {
  return headers.event_type === HOST_HEARD
}

/** In each partition, a mark of a host comes after all there is of what the host journalled before the poll it names. */
function earlyMarks({ sent }: Truth, { log }: Ends): string[] {
  const rank = new Map([...sent.values()].flatMap((ids) => ids.map((id, i) => [id, i] as const)))
  const records = log.flat().map(({ partition, offset, headers, value }) => {
    return { partition, offset, headers, ...JSON.parse(Buffer.from(value).toString()) }
  })
  // By a clock that was set back two polls have one time: the first of them is what a mark says for certain.
  const polls = new Map(
    records
      .toReversed()
      .flatMap(({ event_type, node_id, occurred_at, event_id }) =>
        event_type === 'node-monitoring' ? [[`${node_id} ${occurred_at}`, rank.get(event_id) ?? 0]] : [],
      ),
  )
  const problems: string[] = []
  /** The highest mark so far, by partition and host, and what has been there before. */
  const marked = new Map<string, number>()
  const seen = new Set<string>()
  for (const { partition, headers, node_id, heard_at, event_id } of records) {
    const lane = `${partition} ${node_id}`
    if (headers.event_type === HOST_HEARD) {
      marked.set(lane, Math.max(marked.get(lane) ?? 0, polls.get(`${node_id} ${heard_at}`) ?? 0))
      continue
    }
    if (!seen.has(event_id) && (rank.get(event_id) ?? 0) < (marked.get(lane) ?? 0)) {
      problems.push(`${event_id} of ${node_id} came after a mark that speaks for it`)
    }
    seen.add(event_id)
  }
  return problems
}

/** Each register holds the newest of what the log says about it. */
function staleRegisters(ends: Ends): string[] {
  const newest = new Map<string, string>()
  for (const { value } of ends.log.flat()) {
    const { event_type, tenant_id, stream_id, node_id, occurred_at, event_id, data } = JSON.parse(
      Buffer.from(value).toString(),
    )
    if (tenant_id === null || stream_id === null) continue
    for (const aspect of aspectsOf(event_type, data)) {
      const key = [tenant_id, stream_id, node_id, aspect].join(' ')
      const version = occurred_at + event_id
      if (version > (newest.get(key) ?? '')) newest.set(key, version)
    }
  }
  const held = new Map(
    ends.registers('stream_state').map((row) => {
      return [[row.tenant_id, row.stream_id, row.node_id, row.aspect].join(' '), `${row.occurred_at}${row.event_id}`]
    }),
  )
  return [...newest].flatMap(([key, version]) =>
    held.get(key) === version ? [] : [`the register ${key} holds ${held.get(key)} and not ${version}`],
  )
}

function aspectsOf(event_type: string, { cause, status }: { cause?: string; status?: string }): string[] {
  const of: Record<string, string[]> = {
    'stream-buffer': ['buffer'],
    'track-list': ['tracks'],
    'stream-end': ['end'],
    'stream-lifecycle': [
      'lifecycle',
      ...(cause === 'ready' ? ['ready'] : []),
      ...(cause === 'poll' ? ['figures'] : []),
      ...(status === 'offline' ? ['off'] : []),
    ],
  }
  return of[event_type] ?? []
}
