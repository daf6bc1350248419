import { setTimeout as sleep } from 'node:timers/promises'
import { Code, ConnectError } from '@connectrpc/connect'
import type { Clock } from '../../shared/clock.ts'
import type { SentEvent } from '../../shared/events/envelope.ts'
import { BATCH_EVENTS_MAX } from '../../shared/events/limits.ts'
import { toFault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'
import { backoffMs } from '../backoff.ts'
import type { DeadLetter, DeadLetters } from '../journal/dead-letters.ts'
import type { Journal } from '../journal/journal.ts'
import type { Metrics } from '../metrics.ts'
import type { Publish } from './decklog.ts'

interface ShipperOptions {
  journal: Journal
  deadLetters: DeadLetters
  publish: Publish
  metrics: Metrics
  clock: Clock
  log: Log
  /** Milliseconds to wait after so many failures in a row. */
  waitMs?: (failures: number) => number
  batchEventsMax?: number
}

/**
 * Carries the journal to Decklog: in order, one batch at a time, as a batch that overtakes another would break the
 * order within a stream. A batch is acknowledged once each event is in the log, or a dead letter with its reason.
 */
export class Shipper implements AsyncDisposable {
  readonly #options: ShipperOptions
  readonly #stopping = new AbortController()
  readonly #waitMs: (failures: number) => number
  #done: Promise<void> | null = null
  #drained = Promise.withResolvers<void>()
  /** Why the last call failed; null while Decklog takes events. */
  failure: string | null = null

  constructor(options: ShipperOptions) {
    this.#options = options
    this.#waitMs = options.waitMs ?? backoffMs
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

  /** Returns once each event has its verdict; throws when stopped, or when a dead letter cannot be kept. */
  async #deliver(events: readonly SentEvent[]): Promise<void> {
    const { publish, metrics, log } = this.#options
    for (let failures = 1; events.length > 0; failures++) {
      this.#stopping.signal.throwIfAborted()
      try {
        const verdicts = await publish(events, this.#stopping.signal)
        if (this.failure !== null) log.info('Decklog takes events again')
        this.failure = null
        const refused = verdicts.flatMap((verdict, i) =>
          verdict.accepted ? [] : [[events[i], verdict.reason] as const],
        )
        metrics.events.inc({ stage: 'accepted' }, events.length - refused.length)
        await this.#bury(refused)
        return
      } catch (error) {
        const { code, rawMessage } = ConnectError.from(error)
        this.#stopping.signal.throwIfAborted()
        metrics.publishFailures.inc({ code: Code[code] })
        if (code === Code.InvalidArgument) return this.#deliverHalves(events, rawMessage)
        if (this.failure === null) log.error('Decklog does not take events', { code: Code[code], detail: rawMessage })
        this.failure = Code[code]
        await this.#wait(failures)
      }
    }
  }

  /** A batch that is refused as a whole holds something that is wrong: halving finds it without losing the rest. */
  async #deliverHalves(events: readonly SentEvent[], reason: string): Promise<void> {
    if (events.length === 1) return this.#bury([[events[0], reason]])
    const half = Math.ceil(events.length / 2)
    await this.#deliver(events.slice(0, half))
    await this.#deliver(events.slice(half))
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

  async #wait(failures: number): Promise<void> {
    await sleep(this.#waitMs(failures), undefined, { signal: this.#stopping.signal }).catch(() => undefined)
  }

  #wake(): void {
    this.#drained.resolve()
    this.#drained = Promise.withResolvers<void>()
  }
}
