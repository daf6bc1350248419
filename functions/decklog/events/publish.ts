import type { Context } from '../../../shared/context.ts'
import { EVENTS_TOPIC } from '../../../shared/contract/decklog.ts'
import type { SentEvent } from '../../../shared/events/envelope.ts'
import { toMarks } from '../../../shared/events/host-heard.ts'
import { BATCH_EVENTS_MAX } from '../../../shared/events/limits.ts'
import { Fault } from '../../../shared/fault.ts'
import type { EventLog, EventRecord, RecordPosition } from '../../../shared/kafka/event-log.ts'
import type { Owners } from '../owners/owners.ts'
import { attribute } from './attribute.ts'
import { type Candidate, checkEvent } from './check.ts'
import type { Gate } from './gate.ts'
import type { Marks } from './marks.ts'
import { toRecord } from './record.ts'
import { requireSender, type Sender } from './sender.ts'

export interface PublishDeps {
  events: EventLog
  owners: Owners
  gate: Gate
  marks: Marks
  /** Told of each verdict: `accepted`, `unattributed`, or why not. */
  count: (event_type: string, outcome: string) => void
}

/** What became of one event, in the order sent. A rejected one is wrong in itself: sending it again changes nothing. */
export type Verdict =
  | { event_id: string; accepted: true; position: RecordPosition; received_at: Date }
  | { event_id: string; accepted: false; reason: string }

/**
 * Puts a batch of events in the log and answers once they are durable there. A bad event never blocks the others.
 * Throws a retryable `Fault`, with nothing acknowledged, when owners or the log are out of reach or too much waits.
 */
export async function publish(ctx: Context & PublishDeps, batch: readonly Candidate[]): Promise<Verdict[]> {
  const sender = requireSender(ctx)
  if (batch.length > BATCH_EVENTS_MAX) {
    throw new Fault('too_large', 'batch_too_large', `A batch may have at most ${BATCH_EVENTS_MAX} events.`)
  }
  using _ = ctx.gate.enter(batch.length, bytesOf(batch))
  const receivedAt = ctx.now()
  const checked = batch.map((candidate) => check(() => checkEvent(candidate, sender, receivedAt)))
  const good = checked.filter((event): event is SentEvent => !(event instanceof Fault))
  const ownerOf = await attribute(ctx.owners, sender, good)
  const received_at = receivedAt.toISOString()
  const records = good.map((event) => toRecord(event, ownerOf(event), sender, received_at))
  const positions = records.length > 0 ? await append(ctx, sender, good, records) : []
  for (const event of good) ctx.count(event.event_type, ownerOf(event).tenant_id === null ? 'unattributed' : 'accepted')

  const next = positions.values()
  return batch.map(({ event_id }, index): Verdict => {
    const event = checked[index]
    if (event instanceof Fault) return reject(ctx, event_id, event)
    const { value: position } = next.next()
    if (!position) throw new Fault('internal', 'internal', 'Internal error')
    return { event_id, accepted: true, position, received_at: receivedAt }
  })
}

/** Appends the records, and where one is due a mark of the host after them in every partition. */
async function append(
  { events, marks, now }: Context & PublishDeps,
  sender: Sender,
  good: readonly SentEvent[],
  records: readonly EventRecord[],
): Promise<RecordPosition[]> {
  const heardAt = marks.due(sender, good, now())
  if (heardAt === null || sender.node_id === null) return events.produce(EVENTS_TOPIC, records)
  const following = toMarks(sender.node_id, heardAt, await events.partitions(EVENTS_TOPIC))
  const positions = await events.produce(EVENTS_TOPIC, [...records, ...following])
  marks.marked(sender, now())
  return positions
}

function check(run: () => SentEvent): SentEvent | Fault {
  try {
    return run()
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
}

function reject(ctx: Context & PublishDeps, event_id: string, fault: Fault): Verdict {
  ctx.count('rejected', fault.reason)
  ctx.log.warn('event rejected', { event_id, code: fault.reason, detail: fault.message })
  return { event_id, accepted: false, reason: `${fault.reason}: ${fault.message}` }
}

function bytesOf(batch: readonly Candidate[]): number {
  return batch.reduce((sum, { bytes }) => sum + bytes, 0)
}
