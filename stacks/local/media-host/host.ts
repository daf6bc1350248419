import { createHash } from 'node:crypto'
import type { Clock } from '../../../shared/clock.ts'
import type { Log } from '../../../shared/log.ts'
import type { Dice } from './dice.ts'
import type { Flows } from './flows.ts'
import type { Push } from './pushes.ts'
import type { ServerConfig } from './server-config.ts'
import { type Session, sumsOf } from './session.ts'
import type { Timeline } from './timeline.ts'
import type { Fire, TriggerCount } from './triggers/fire.ts'

/** A stream that runs, or ran and still waits for its STREAM_END. */
export interface LiveStream {
  name: string
  online: boolean
  started_ms: number
  started_unix: number
  buffer_pid: number
  publisher: Publisher | undefined
  /** Pulled from another host. */
  replica: boolean
  /** Sessions counted since it began, and the sums of those that are over. */
  views: number
  inputs: number
  past: { seconds: number; up_bytes: number; down_bytes: number }
}

export interface Publisher {
  id: string
  stream: string
  protocol: Protocol
  session: Session
  /** Hangs up; the end of the stream follows at its own pace. */
  end: (reason: { code: string; text: string }) => void
}

export type Protocol = 'rtmp' | 'srt' | 'whip'

/** All that the parts of the stand-in share. */
export interface Host {
  settings: ServerConfig
  streams: Map<string, LiveStream>
  /** Names whose publisher is still being let in. */
  booting: Set<string>
  sessions: Map<string, Session>
  pushes: Map<number, Push>
  /** Session ids that USER_NEW denied, and until when in stream time the denial is remembered. */
  denials: Map<string, number>
  counts: Map<string, TriggerCount>
  /** A second controller on the machine has emptied the triggers that both share; setting them mends it. */
  triggersEmptied: boolean
  /** Sessions begun since the start, for the statistics. */
  begun: { viewers: number; inputs: number }
  timeline: Timeline
  clock: Clock
  dice: Dice
  flows: Flows
  log: Log
  fire: Fire
  controller_pid: number
  nextPid: () => number
  /** Where the viewers' door answers, as it appears in request URLs. */
  http_url: string
}

type Given = Omit<
  Host,
  | ('streams' | 'booting' | 'sessions' | 'pushes' | 'denials' | 'triggersEmptied' | 'begun')
  | ('controller_pid' | 'nextPid')
>

const FIRST_PID = 30_000

/** A host on which nothing goes on yet. */
export function createHost(given: Given): Host {
  let pid = FIRST_PID
  return {
    ...given,
    streams: new Map(),
    booting: new Set(),
    sessions: new Map(),
    pushes: new Map(),
    denials: new Map(),
    triggersEmptied: false,
    begun: { viewers: 0, inputs: 0 },
    controller_pid: pid,
    nextPid: () => ++pid,
  }
}

export function unixSeconds({ clock }: Pick<Host, 'clock'>): number {
  return Math.floor(clock().getTime() / 1000)
}

/** The id of a session: 64 hex digits, the same for the same viewer of the same stream. */
export function sessionId(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex')
}

export function sessionsOf(host: Host, stream: string): Session[] {
  return [...host.sessions.values()].filter((session) => session.stream === stream)
}

/** Bytes and seconds of a stream so far, of sessions that are over and of those that run. */
export function totalsOf(host: Host, stream: LiveStream) {
  const now_ms = host.timeline.now()
  const totals = { ...stream.past, viewers: 0, inputs: 0 }
  for (const session of sessionsOf(host, stream.name)) {
    const sums = sumsOf(session, now_ms)
    totals.up_bytes += sums.up_bytes
    totals.down_bytes += sums.down_bytes
    if (session.kind === 'viewer') totals.seconds += sums.seconds
    if (session.connections === 0) continue
    if (session.kind === 'viewer') totals.viewers++
    if (session.kind === 'input') totals.inputs++
  }
  return totals
}

/** Adds a session that is over to the sums of its stream. */
export function settle(host: Host, session: Session): void {
  host.sessions.delete(session.id)
  const stream = host.streams.get(session.stream)
  if (stream === undefined) return
  const sums = sumsOf(session, host.timeline.now())
  stream.past.up_bytes += sums.up_bytes
  stream.past.down_bytes += sums.down_bytes
  if (session.kind === 'viewer') stream.past.seconds += sums.seconds
}
