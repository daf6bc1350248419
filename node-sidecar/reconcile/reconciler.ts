import type { ClientSample } from '../../shared/events/client-lifecycle.ts'
import type { SentEvent } from '../../shared/events/envelope.ts'
import type { Log } from '../../shared/log.ts'
import type { Journal } from '../journal/journal.ts'
import { recordEvents } from '../journal/record-events.ts'
import type { Samples } from '../mist/polls/clients.ts'
import { isVisitor } from '../mist/viewer.ts'
import type { Moment, Uptime } from '../moment.ts'
import { type End, type Figures, readEnd } from './end.ts'
import { Ledger, type Open } from './ledger.ts'
import { toLostSession, toLostStream } from './lost-events.ts'
import { MadeUpEnds } from './made-up-ends.ts'
import { loadSnapshot, type OpenSession, type OpenStream, type Snapshot, saveSnapshot } from './snapshot.ts'

interface ReconcilerOptions {
  node_id: string
  path: string
  journal: Journal
  /** Which start of the machine this is; null when it is not known. */
  boot: string | null
  uptime: Uptime
  log: Log
}

const READ_RECORDS = 1_000

/**
 * MistServer tells an end once and does not care whether anybody listens. What polls have shown and show no more, and
 * whose end is not in the journal, has ended unheard: its end is made up from its last figures, and says so.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions
  readonly #ledgers: { session: Ledger<OpenSession>; stream: Ledger<OpenStream> }
  readonly #madeUp: Record<End['of'], MadeUpEnds>
  /** Ids of ends, by the key of what they end, that are on their way to the disk, which may be slow. */
  readonly #arriving: Record<End['of'], Map<string, string>> = { session: new Map(), stream: new Map() }
  /** Where in the journal events begin that may be in it already, while the ledgers do not know of them; the first comes first. */
  readonly #unnoted = new Set<{ from: number }>()

  /** Goes on where the last process was: what went on then, less what the journal has ended since. */
  static async open(options: ReconcilerOptions): Promise<Reconciler> {
    const snapshot = await loadSnapshot(options.path)
    const rebooted = snapshot !== null && hasRebooted(snapshot, options)
    if (rebooted) rebase(snapshot, options.uptime())
    const reconciler = new Reconciler(options, snapshot)
    if (snapshot !== null) await reconciler.#readEnds(snapshot.position)
    // MistServer stopped with the machine: what was made up stands.
    if (rebooted) for (const ends of Object.values(reconciler.#madeUp)) ends.clear()
    options.journal.retain(snapshot?.position ?? options.journal.end)
    return reconciler
  }

  private constructor(options: ReconcilerOptions, snapshot: Snapshot | null) {
    this.#options = options
    const sessions = new Ledger(
      hasFallen(({ sample }) => sample.egress_bytes),
      snapshot?.sessions,
    )
    const streams = new Ledger(
      hasFallen(({ ingress_bytes }) => ingress_bytes),
      snapshot?.streams,
    )
    this.#ledgers = { session: sessions, stream: streams }
    this.#madeUp = {
      session: new MadeUpEnds(snapshot?.made_up.sessions),
      stream: new MadeUpEnds(snapshot?.made_up.streams),
    }
  }

  /** Journals what a notice tells: resolves once it is on the disk, 503 when it cannot be. */
  async journal(events: readonly SentEvent[]): Promise<void> {
    const complete = this.completeEnds(events)
    const ends = complete.flatMap((event) => {
      const end = readEnd(event)
      return end === null ? [] : [{ ...end, event_id: event.event_id }]
    })
    for (const { of, key, event_id } of ends) this.#arriving[of].set(key, event_id)
    try {
      await this.#write(complete, (written) => this.noteEnds(written))
    } finally {
      for (const { of, key, event_id } of ends) {
        if (this.#arriving[of].get(key) === event_id) this.#arriving[of].delete(key)
      }
    }
  }

  /** Says in ends which made-up ends they replace, those that came too early. */
  completeEnds(events: readonly SentEvent[]): SentEvent[] {
    return events.map((event) => {
      const end = readEnd(event)
      const replaces = end && this.#madeUp[end.of].replacedBy(event.event_id, end, this.#toldAt(end))
      return replaces ? ({ ...event, data: { ...event.data, replaces } } as SentEvent) : event
    })
  }

  /** Told of events that are journalled: ends among them are noted. */
  noteEnds(events: readonly SentEvent[]): void {
    this.#remember(events)
    this.#close(events)
  }

  #close(events: readonly SentEvent[]): void {
    const up_ms = this.#options.uptime()
    for (const event of events) {
      const end = readEnd(event)
      if (end !== null) this.#ledgers[end.of].end(end.key, up_ms, end.madeUp ? undefined : event.event_id)
    }
  }

  #remember(events: readonly SentEvent[]): void {
    for (const event of events) {
      const end = readEnd(event)
      if (end !== null) this.#madeUp[end.of].note(event, end, this.#toldAt(end))
    }
  }

  /** A made-up end speaks of the moment when what it ends was missed. */
  #toldAt({ of, key, madeUp }: End): number {
    const missed = madeUp ? this.#ledgers[of].open.get(key)?.missed : undefined
    return missed?.up_ms ?? this.#options.uptime()
  }

  /** Takes a poll of sessions and journals the ends that are missing. */
  async seeSessions(samples: Samples, moment: Moment): Promise<void> {
    const { node_id } = this.#options
    const position = this.#noted
    const open = toOpenSessions(samples)
    this.#madeUp.session.see(
      figuresOf(open, ({ sample }) => toFigures(sample, moment)),
      moment.up_ms,
    )
    const lost = this.#ledgers.session.see(open, moment, this.#arriving.session)
    await this.#record(lost.map(([, open]) => toLostSession(open, { ...moment, node_id })))
    this.#madeUp.session.forget(renewed(lost))
    await this.#save(position, moment)
  }

  /** Takes a poll of streams, as their totals by name, and journals the ends that are missing. */
  async seeStreams(streams: ReadonlyMap<string, OpenStream>, moment: Moment): Promise<void> {
    this.#madeUp.stream.see(
      figuresOf(streams, ({ ingress_bytes }) => ({ bytes: ingress_bytes, began: null })),
      moment.up_ms,
    )
    const lost = this.#ledgers.stream.see(streams, moment, this.#arriving.stream)
    const { node_id } = this.#options
    await this.#record(lost.map(([name, open]) => toLostStream(name, open, { ...moment, node_id })))
    this.#madeUp.stream.forget(renewed(lost))
  }

  async #record(events: readonly SentEvent[]): Promise<void> {
    if (events.length === 0) return
    const complete = this.completeEnds(events)
    // Before they are on the disk: the end that is told meanwhile must say which of them it replaces.
    this.#remember(complete)
    await this.#write(complete, (written) => this.#close(written))
    this.#options.log.warn('ends were missed and made up', { events: events.length })
  }

  /** Notes each event as soon as it is on the disk, whatever becomes of the others. */
  async #write(events: readonly SentEvent[], note: (written: readonly SentEvent[]) => void): Promise<void> {
    const { journal } = this.#options
    const write = async (event: SentEvent) => {
      const unnoted = { from: journal.end }
      this.#unnoted.add(unnoted)
      try {
        await recordEvents(journal, [event])
        note([event])
      } finally {
        this.#unnoted.delete(unnoted)
      }
    }
    await Promise.all(events.map(write))
  }

  /** The ledgers know of all ends before this position in the journal. */
  get #noted(): number {
    const [first] = this.#unnoted
    return first?.from ?? this.#options.journal.end
  }

  /** Ends behind `position` may not be in the snapshot, so the journal keeps them until the next one. */
  async #save(position: number, { up_ms }: Moment): Promise<void> {
    await saveSnapshot(this.#options.path, {
      boot: this.#options.boot,
      up_ms,
      position,
      sessions: [...this.#ledgers.session.open],
      streams: [...this.#ledgers.stream.open],
      made_up: { sessions: [...this.#madeUp.session.ends], streams: [...this.#madeUp.stream.ends] },
    })
    this.#options.journal.retain(position)
  }

  async #readEnds(from: number): Promise<void> {
    const { journal } = this.#options
    for (let position = from; position < journal.end; ) {
      const { records, end } = await journal.read(position, READ_RECORDS)
      if (records.length === 0) return
      this.noteEnds(records.flatMap((record) => toEvent(record)))
      position = end
    }
  }
}

function hasRebooted(snapshot: Snapshot, { boot, uptime }: ReconcilerOptions): boolean {
  return snapshot.boot !== boot || snapshot.up_ms > uptime()
}

/** Counts the times of a snapshot from this start of the machine. */
function rebase(snapshot: Snapshot, up_ms: number): void {
  for (const [, { missed }] of [...snapshot.sessions, ...snapshot.streams]) if (missed) missed.up_ms = up_ms
}

/** MistServer counts up; one that has started anew counts from 0. */
function hasFallen<T>(bytesOf: (last: T) => number): (before: T, now: T) => boolean {
  return (before, now) => bytesOf(now) < bytesOf(before)
}

/** Keys under which something new goes on already: what was made up for the old one stands. */
function renewed(lost: readonly [string, Open<unknown>][]): string[] {
  return lost.flatMap(([key, { missed, next }]) => (missed === null || next !== undefined ? [key] : []))
}

function figuresOf<T>(open: ReadonlyMap<string, T>, toFigures: (last: T) => Figures): Map<string, Figures> {
  return new Map([...open].map(([key, last]) => [key, toFigures(last)]))
}

function toFigures({ egress_bytes, connected_seconds }: ClientSample, { up_ms }: Moment): Figures {
  return { bytes: egress_bytes, began: up_ms - connected_seconds * 1000 }
}

/** A record that is no event ends nothing; shipping makes a dead letter of it. */
function toEvent(record: Buffer): SentEvent[] {
  try {
    return [JSON.parse(String(record))]
  } catch {
    return []
  }
}

function toOpenSessions(samples: Samples): Map<string, OpenSession> {
  const all = [...samples].flatMap(([stream_name, list]) => list.map((sample) => ({ stream_name, sample })))
  const visitors = all.filter(
    ({ sample }) => sample.role === 'viewer' && isVisitor(sample.session_id, [sample.connector]),
  )
  return new Map(visitors.map((session) => [session.sample.session_id, session]))
}
