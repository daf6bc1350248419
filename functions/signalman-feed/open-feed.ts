import { type Clock, systemClock } from '../../shared/clock.ts'
import { EVENTS_TOPIC, type EventsGroup } from '../../shared/contract/decklog.ts'
import { createServiceTokens, createSigner } from '../../shared/identity/signer.ts'
import type { Consumer, EventLog } from '../../shared/kafka/event-log.ts'
import { createLog } from '../../shared/log.ts'
import type { FeedSettings } from './config.ts'
import { type FeedDeps, feed } from './feed.ts'

const NAME: EventsGroup = 'signalman-feed'
/** As late as people notice. */
const BATCH_WAIT_MS = 10
export const BATCH_RECORDS_MAX = 1_000

/** What the feed works with; its tokens are made for Signalman. */
export function openFeed({ config, secrets }: FeedSettings, clock: Clock = systemClock): FeedDeps {
  const token = createServiceTokens(createSigner(secrets.IDENTITY_KEY, clock), 'signalman', clock)
  const signalman = { service: 'signalman', baseUrl: config.SIGNALMAN_URL, token }
  return { signalman, clock, log: createLog(NAME), log_number: config.LOG_NUMBER }
}

/** Feeds the hubs from the event log, where no event source does it, until closed. */
export function follow(deps: FeedDeps, events: EventLog): Consumer {
  const of = { topic: EVENTS_TOPIC, group: NAME, batch_records_max: BATCH_RECORDS_MAX, batch_wait_ms: BATCH_WAIT_MS }
  return events.consume(of, (batch) => feed(deps, batch))
}
