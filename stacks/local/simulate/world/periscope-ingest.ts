import { consume } from '../../../../functions/periscope-ingest/ingest/consume.ts'
import type { Stores } from '../../../../functions/periscope-ingest/ingest/ingest.ts'
import type { BatchHandler, ConsumeOptions, EventLog } from '../../../../shared/kafka/event-log.ts'
import { createLog } from '../../../../shared/log.ts'
import type { Mutation } from './mutations.ts'

/** Periscope Ingest in a simulated process; resolves, or throws, when its consumer stops. */
export async function runPeriscopeIngest(
  stores: Stores,
  events: EventLog,
  mutation: Mutation | undefined,
): Promise<void> {
  const log = createLog('periscope-ingest')
  const wired = mutation === 'commit-before-store' ? committingFirst(events) : events
  await consume({ ...stores, events: wired, log, count: () => undefined }).done
}

/** An event log whose consumers do not wait for their handlers. */
function committingFirst(events: EventLog): EventLog {
  return {
    ensureTopic: (...args) => events.ensureTopic(...args),
    produce: (...args) => events.produce(...args),
    lag: (of) => events.lag(of),
    partitions: (topic) => events.partitions(topic),
    consume: (of: ConsumeOptions, handler: BatchHandler) =>
      events.consume(of, async (batch) => {
        handler(batch)
          .then((secondStep) => secondStep?.())
          .catch(() => undefined)
      }),
    [Symbol.asyncDispose]: () => events[Symbol.asyncDispose](),
  }
}
