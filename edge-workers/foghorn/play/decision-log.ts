import { Kafka, UpstashError } from '@upstash/kafka'
import type { Clock } from '../../../shared/clock.ts'
import { EVENTS_TOPIC, ProduceResponse } from '../../../shared/contract/decklog.ts'
import type { SentEvent } from '../../../shared/events/envelope.ts'
import type { Log } from '../../../shared/log.ts'
import type { Defer } from '../flight.ts'
import { within } from '../within.ts'

/** Decisions wait so long for others to be sent along. */
const BATCH_WINDOW_MS = 250
export const BATCH_EVENTS_MAX = 200
/** Beyond this the newest are dropped and counted: telling of a decision must never cost one. */
export const QUEUE_EVENTS_MAX = 2_000
/** How long one request carries events; a Worker lives 30 s past its answer. */
export const CARRY_MS_MAX = 20_000

type DecisionEvent = SentEvent<'load-balancing'>

/** Tells Decklog of decisions, after the viewer has its answer. */
export interface DecisionLog {
  add(event: DecisionEvent, defer: Defer): void
}

interface Options {
  decklogUrl: URL
  token: () => Promise<string>
  log: Log
  clock: Clock
}

/** Events of all requests of this isolate queue here; one request at a time carries them to Decklog. */
export function createDecisionLog({ decklogUrl, token, log, clock }: Options): DecisionLog {
  const nowMs = () => clock().getTime()
  let queue: DecisionEvent[] = []
  let dropped = 0
  let carriedUntil = 0

  async function carry(until: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, BATCH_WINDOW_MS))
    while (queue.length > 0 && nowMs() < until) {
      const batch = queue.slice(0, BATCH_EVENTS_MAX)
      queue = queue.slice(BATCH_EVENTS_MAX)
      const failure = await trySend(batch, until - nowMs())
      if (failure === null) continue
      log.warn('decisions not sent', { events: batch.length, ...failure })
      if (failure.again) queue = [...batch, ...queue].slice(0, QUEUE_EVENTS_MAX)
      break
    }
    if (dropped > 0) log.warn('decisions dropped', { events: dropped })
    dropped = 0
    carriedUntil = 0
  }

  async function trySend(batch: readonly DecisionEvent[], ms: number): Promise<Failure | null> {
    try {
      const rejected = await within(ms, 'decklog', send(batch))
      if (rejected.length > 0) log.warn('decisions rejected', { events: rejected.length, detail: rejected[0] })
      return null
    } catch (error) {
      return toFailure(error)
    }
  }

  /** Sends a batch and returns what Decklog says of the events that it does not take. */
  async function send(batch: readonly DecisionEvent[]): Promise<string[]> {
    // A client per batch, because it keeps its password and ours is short-lived.
    const kafka = new Kafka({ url: decklogUrl.href, username: 'foghorn', password: await token() })
    const records = batch.map((event) => ({ topic: EVENTS_TOPIC, value: event }))
    const answer = ProduceResponse.parse(await kafka.producer().produceMany(records))
    return answer.flatMap((entry) => ('error' in entry ? [entry.error] : []))
  }

  return {
    add: (event, defer) => {
      if (queue.length >= QUEUE_EVENTS_MAX) dropped++
      else queue.push(event)
      const now = nowMs()
      // A carrier that is past its time was ended together with its request.
      if (now < carriedUntil) return
      carriedUntil = now + CARRY_MS_MAX
      defer(carry(carriedUntil))
    },
  }
}

interface Failure {
  /** Whether the same events may be taken later. */
  again: boolean
  detail: string
}

function toFailure(error: unknown): Failure {
  if (error instanceof UpstashError) {
    const refused = error.status >= 400 && error.status < 500 && error.status !== 408 && error.status !== 429
    return { again: !refused, detail: `Decklog answered ${error.status}` }
  }
  return { again: true, detail: error instanceof Error ? error.message : 'unknown' }
}
