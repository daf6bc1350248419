import { setTimeout as sleep } from 'node:timers/promises'
import { Code, ConnectError } from '@connectrpc/connect'
import type { Clock } from '../../shared/clock.ts'
import type { SentEvent } from '../../shared/events/envelope.ts'
import { BATCH_EVENTS_MAX } from '../../shared/events/limits.ts'
import { Fault, toFault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'
import { backoffMs } from '../backoff.ts'
import type { DeadLetter, DeadLetters } from '../journal/dead-letters.ts'
import type { Journal } from '../journal/journal.ts'
import type { Metrics } from '../metrics.ts'
import type { Uptime } from '../moment.ts'
import type { Publish } from './decklog.ts'

/** A batch that made Decklog fail so often, over so long, is searched for the event that does. */
export const POISON_ATTEMPTS = 5
export const POISON_MS = 60_000
/** Events of other streams by which it is tried whether Decklog fails for one event alone. */
export const POISON_PROBES_MAX = 3
/** The longest that Decklog may ask us to stay away. */
export const RETRY_AFTER_MS_MAX = 60_000

interface ShipperOptions {
  journal: Journal
  deadLetters: DeadLetters
  publish: Publish
  metrics: Metrics
  clock: Clock
  uptime: Uptime
  log: Log
  /** Milliseconds to wait after so many failures in a row, when Decklog asked for so many. */
  waitMs?: (failures: number, askedMs: number) => number
  batchEventsMax?: number
}

/**
 * Carries the journal to Decklog: in order, one batch at a time, as a batch that overtakes another would break the
 * order within a stream. A batch is acknowledged once each event is in the log, or a dead letter with its reason.
 */
export class Shipper implements AsyncDisposable {
  readonly #options: ShipperOptions
  readonly #stopping = new AbortController()
  readonly #waitMs: (failures: number, askedMs: number) => number
  #done: Promise<void> | null = null
  #drained = Promise.withResolvers<void>()
  /** Why the last call failed; null while Decklog takes events. */
  failure: string | null = null

  constructor(options: ShipperOptions) {
    this.#options = options
    this.#waitMs = options.waitMs ?? ((failures, askedMs) => Math.max(backoffMs(failures), askedMs))
  }

  start(): void {
    this.#done ??= this.#ship()
  }

  /** Resolves once everything that is in the journal now has been taken. */
  async drained(): Promise<void> {
    const { journal } = this.#options
    const end = journal.end
    while (journal.acknowledged < end) await this.#drained.promise
  }

  /** Stops after the call under way; what was not taken is sent after the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#done
  }

  async #ship(): Promise<void> {
    const { journal, log, batchEventsMax = BATCH_EVENTS_MAX } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await journal.wait(journal.acknowledged, signal)
        const batch = await journal.read(journal.acknowledged, batchEventsMax)
        await this.#deliver(await this.#readEvents(batch.records))
        await journal.acknowledge(batch.end)
        this.#wake()
      } catch (error) {
        if (signal.aborted) return
        this.failure = toFault(error).reason
        log.error('shipping fails', { code: this.failure, error })
        await this.#wait(1)
      }
    }
  }

  /**
   * Returns once each event has its verdict; throws when stopped, when a dead letter cannot be kept, and when Decklog
   * fails for every event. `following` are the events behind these.
   */
  async #deliver(events: readonly SentEvent[], following: readonly SentEvent[] = [], search?: Search): Promise<void> {
    const { metrics, uptime, log } = this.#options
    const since = uptime()
    for (let failures = 1; events.length > 0; failures++) {
      this.#stopping.signal.throwIfAborted()
      try {
        await this.#bury(await this.#publish(events))
        if (search) search.passed = true
        return
      } catch (error) {
        const fault = ConnectError.from(error)
        const { code, rawMessage } = fault
        this.#stopping.signal.throwIfAborted()
        metrics.publishFailures.inc({ code: Code[code] })
        if (code === Code.InvalidArgument) return this.#deliverHalves(events, following, rawMessage, search)
        if (this.failure === null) log.error('Decklog does not take events', { code: Code[code], detail: rawMessage })
        this.failure = Code[code]
        const lasting = failures >= POISON_ATTEMPTS && uptime() - since >= POISON_MS
        if (mayBePoison(code) && (search || lasting)) {
          return this.#deliverSuspects(events, following, `poison: ${Code[code]}: ${rawMessage}`, search)
        }
        await this.#wait(failures, retryAfterMs(fault))
      }
    }
  }

  /** Sends events once, and returns those that are rejected with their reasons. */
  async #publish(events: readonly SentEvent[]): Promise<(readonly [SentEvent | undefined, string])[]> {
    const { publish, metrics, log } = this.#options
    const verdicts = await publish(events, this.#stopping.signal)
    if (this.failure !== null) log.info('Decklog takes events again')
    this.failure = null
    const refused = verdicts.flatMap((verdict, i) => (verdict.accepted ? [] : [[events[i], verdict.reason] as const]))
    metrics.events.inc({ stage: 'accepted' }, events.length - refused.length)
    return refused
  }

  /** A batch that is refused as a whole holds something that is wrong: halving finds it without losing the rest. */
  async #deliverHalves(
    events: readonly SentEvent[],
    following: readonly SentEvent[],
    reason: string,
    search?: Search,
  ): Promise<void> {
    if (events.length === 1) return this.#bury([[events[0], reason]])
    const half = Math.ceil(events.length / 2)
    await this.#deliver(events.slice(0, half), [...events.slice(half), ...following], search)
    await this.#deliver(events.slice(half), following, search)
  }

  /** One event may make Decklog fail for ever. It is given up only when Decklog takes others: else Decklog is at fault. */
  async #deliverSuspects(
    events: readonly SentEvent[],
    following: readonly SentEvent[],
    reason: string,
    search: Search = { passed: false },
  ): Promise<void> {
    const [first] = events
    if (events.length > 1) return this.#deliverHalves(events, following, reason, search)
    if (search.passed || (await this.#passesFor(first, following))) return this.#bury([[first, reason]])
    throw new Fault('unavailable', 'decklog_fails', reason)
  }

  /** The first event of another stream overtakes none of its own; it comes again in its turn, which changes nothing. */
  async #passesFor(suspect: SentEvent | undefined, following: readonly SentEvent[]): Promise<boolean> {
    const others = following.filter(({ stream_name }) => stream_name !== suspect?.stream_name)
    const firsts = new Map(others.toReversed().map((event) => [event.stream_name, event]))
    for (const probe of [...firsts.values()].slice(0, POISON_PROBES_MAX)) {
      const passed = await this.#options.publish([probe], this.#stopping.signal).then(
        () => true,
        () => false,
      )
      if (passed) return true
    }
    return false
  }

  async #bury(refused: readonly (readonly [SentEvent | undefined, string])[]): Promise<void> {
    const { deadLetters, metrics, clock, log } = this.#options
    if (refused.length === 0) return
    const at = clock().toISOString()
    const letters = refused.map(([event, reason]): DeadLetter => {
      return { at, kind: 'event', name: event?.event_type ?? '', reason, content: JSON.stringify(event) }
    })
    await deadLetters.add(letters)
    metrics.events.inc({ stage: 'rejected' }, refused.length)
    log.error('events rejected', { rejected: refused.length, reason: refused[0]?.[1] })
  }

  /** Records are ours and whole, so one that is no JSON means a mistake of ours: it is kept, and does not stop the rest. */
  async #readEvents(records: readonly Buffer[]): Promise<SentEvent[]> {
    const events: SentEvent[] = []
    for (const record of records) {
      try {
        events.push(JSON.parse(String(record)))
      } catch {
        const at = this.#options.clock().toISOString()
        await this.#options.deadLetters.add([
          { at, kind: 'event', name: '', reason: 'unreadable_record', content: String(record) },
        ])
      }
    }
    return events
  }

  async #wait(failures: number, askedMs = 0): Promise<void> {
    await sleep(this.#waitMs(failures, askedMs), undefined, { signal: this.#stopping.signal }).catch(() => undefined)
  }

  #wake(): void {
    this.#drained.resolve()
    this.#drained = Promise.withResolvers<void>()
  }
}

/** The search for the event that makes Decklog fail, and whether it has taken any other meanwhile. */
interface Search {
  passed: boolean
}

/** Failures that may lie in what was sent; others are about the way there, the token or load. */
function mayBePoison(code: Code): boolean {
  return code === Code.Internal || code === Code.Unknown || code === Code.DataLoss
}

/** How long Decklog asks us to stay away; 0 when it does not say. */
function retryAfterMs({ metadata }: ConnectError): number {
  const seconds = Number(metadata.get('retry-after') ?? 0)
  return seconds > 0 ? Math.min(seconds * 1000, RETRY_AFTER_MS_MAX) : 0
}
