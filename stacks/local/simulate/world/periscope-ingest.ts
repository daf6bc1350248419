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
  await consume({ ...stores, events: wiredFor(mutation, events), log, count: () => undefined }).done
}

function wiredFor(mutation: Mutation | undefined, events: EventLog): EventLog {
  const wired: EventLog = {
    ensureTopic: (...args) => events.ensureTopic(...args),
    produce: (...args) => events.produce(...args),
    lag: (of) => events.lag(of),
    partitions: (topic) => events.partitions(topic),
    consume: (...args) => events.consume(...args),
    [Symbol.asyncDispose]: () => events[Symbol.asyncDispose](),
  }
  if (mutation === 'commit-before-store') return { ...wired, consume: committingFirst(events) }
  if (mutation === 'poison-passed-over') return { ...wired, produce: async () => [] }
  return events
}

/** Does not wait for handlers. */
function committingFirst(events: EventLog): EventLog['consume'] {
  return (of: ConsumeOptions, handler: BatchHandler) =>
    events.consume(of, async (batch) => {
      handler(batch)
        .then((secondStep) => secondStep?.())
        .catch(() => undefined)
    })
}
