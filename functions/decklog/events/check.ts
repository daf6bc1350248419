import { isEventType } from '../../../shared/events/catalogue.ts'
import { SentEvent } from '../../../shared/events/envelope.ts'
import { EVENT_DATA_BYTES_MAX } from '../../../shared/events/limits.ts'
import { isSentEvent } from '../../../shared/events/quick-check.ts'
import { Fault } from '../../../shared/fault.ts'
import type { Sender } from './sender.ts'

/** A clock that is further ahead is broken; an event from the future would hold the current state until then. */
export const AHEAD_MS_MAX = 60 * 60_000
/** No event can be older than the platform; a host whose clock was reset says 1970. */
export const OCCURRED_AT_MIN = '2020-01-01T00:00:00.000Z'

/** A random id would make every repeat of an event a new one. */
const DERIVED = /^.{14}5/

/** One event as a door got it: `read` gives the sender's object, or throws when its bytes are not JSON in UTF-8. */
export interface Candidate {
  event_id: string
  bytes: number
  read: () => unknown
}

/** The event, when it is one that this sender may send; else a `Fault` whose reason becomes its verdict. */
export function checkEvent({ bytes, read }: Candidate, sender: Sender, now: Date): SentEvent {
  if (bytes > EVENT_DATA_BYTES_MAX) throw refuse('event_too_large', `its data may have ${EVENT_DATA_BYTES_MAX} bytes`)
  const event = parseEvent(readJson(read))
  if (event.source !== sender.source) throw refuse('wrong_source', `this sender is ${sender.source}`)
  if (event.source === 'helmsman' && !DERIVED.test(event.event_id)) {
    throw refuse('underived_id', 'the id of a host’s event is derived from what it reports: a UUID of version 5')
  }
  if (!sender.types.has(event.event_type)) throw refuse('wrong_sender', `${sender.source} sends no ${event.event_type}`)
  if (event.occurred_at < OCCURRED_AT_MIN) throw refuse('occurred_too_early', `before ${OCCURRED_AT_MIN}`)
  if (Date.parse(event.occurred_at) > now.getTime() + AHEAD_MS_MAX) {
    throw refuse('occurred_in_future', 'its time is more than an hour ahead')
  }
  return event
}

function readJson(read: () => unknown): unknown {
  try {
    return read()
  } catch {
    throw refuse('malformed_data', 'not JSON in UTF-8')
  }
}

function parseEvent(input: unknown): SentEvent {
  if (isSentEvent(input)) return input
  const result = SentEvent.safeParse(input)
  if (result.success) return result.data
  const type = Object(input).event_type
  if (typeof type !== 'string' || !isEventType(type)) throw refuse('unknown_type', 'not a type of the catalogue')
  const [issue] = result.error.issues
  throw refuse('invalid_event', `/${issue?.path.join('/') ?? ''} ${issue?.message ?? 'does not match'}`)
}

function refuse(reason: string, words: string): Fault {
  return new Fault('unprocessable', reason, words)
}
