import type { Clock } from '../../shared/clock.ts'
import type { SentEvent } from '../../shared/events/envelope.ts'
import { Fault, toFault } from '../../shared/fault.ts'
import type { DeadLetters } from '../journal/dead-letters.ts'
import type { Metrics } from '../metrics.ts'
import type { Publishers } from '../sources/publishers.ts'
import { toEvents } from './events/to-events.ts'
import { readTrigger, type TriggerCall } from './trigger-call.ts'
import type { Trigger } from './triggers/trigger.ts'
import { toUnreadable } from './unreadable.ts'

export interface FactDeps {
  node_id: string
  deadLetters: DeadLetters
  metrics: Metrics
  clock: Clock
  /** Brings the events of a notice to the disk; 503 when it cannot. */
  record: (events: readonly SentEvent[]) => Promise<void>
  publishers: Publishers
}

/**
 * Takes a notice: resolves once its events are on the disk, 503 when they cannot be. MistServer does not send it twice,
 * so one that cannot be read is kept as a dead letter, and 400.
 */
export async function acceptFact(deps: FactDeps, call: TriggerCall): Promise<void> {
  const { record, deadLetters, metrics, clock } = deps
  const events = readFact(deps, call)
  if (events instanceof Fault) {
    metrics.triggers.inc({ trigger: call.name, outcome: 'unreadable' })
    await deadLetters.add([toUnreadable(call.name, call.bytes, events, clock())])
    throw events
  }
  await record(events)
  metrics.events.inc({ stage: 'journalled' }, events.length)
  metrics.triggers.inc({ trigger: call.name, outcome: 'accepted' })
}

const lenient = new TextDecoder('utf-8', { ignoreBOM: true })

/** A viewer's broken text, such as the name of its player, must not cost the fact: broken bytes become U+FFFD. */
function readFact(deps: FactDeps, call: TriggerCall): SentEvent[] | Fault {
  try {
    const { trigger, firing } = readTrigger(call, lenient.decode(call.bytes), deps)
    notePublisher(deps.publishers, trigger)
    return toEvents(trigger, firing)
  } catch (error) {
    return toFault(error)
  }
}

function notePublisher(publishers: Publishers, { name, payload }: Trigger): void {
  if (name === 'PUSH_INPUT_CLOSE') publishers.close(payload.stream_name, payload.pid)
  if (name === 'LIVE_TRACK_LIST') publishers.noteTracks(payload.stream_name, Object.keys(payload.tracks).length > 0)
}
