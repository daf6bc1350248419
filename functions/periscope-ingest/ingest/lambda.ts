import type { EventLog } from '../../../shared/kafka/event-log.ts'
import { type LambdaRecord, readLambdaEvent } from '../../../shared/kafka/lambda-event.ts'
import type { Log } from '../../../shared/log.ts'
import type { Figures } from '../../../shared/metrics/figures.ts'
import { bury } from '../dead-letters/bury.ts'
import { type Failure, ingest, type Stores } from './ingest.ts'

interface BatchResponse {
  batchItemFailures: { itemIdentifier: { 'topic-partition': string; offset: number } }[]
}

interface LambdaDeps extends Stores {
  events: EventLog
  log: Log
  /** Told of each batch once it is stored or buried. */
  tell: (figures: Figures) => void
}

/**
 * Stores one batch of an MSK event source. A store that is away fails the call, so that Lambda sends the batch again;
 * a record that can be neither stored nor buried is reported, so that only its partition comes again, from it on.
 */
export async function handleKafkaEvent(
  { events, log, tell, ...stores }: LambdaDeps,
  input: unknown,
): Promise<BatchResponse> {
  const records = readLambdaEvent(input)
  const { failures } = await ingest(stores, records)
  const unburied: Failure<LambdaRecord>[] = []
  for (const failure of failures) {
    await bury({ ...stores, events, log }, [failure]).catch((error: unknown) => {
      log.error('dead letter cannot be written', { error })
      unburied.push(failure)
    })
  }
  const newestMs = records.reduce((newest, { timestamp_ms }) => Math.max(newest, timestamp_ms), 0)
  const age = Math.max(Date.now() - newestMs, 0) / 1000
  tell({ DeadLetters: failures.length, ...(records.length > 0 && { IngestAge: age }) })
  const batchItemFailures = unburied.map(({ record: { from, offset } }) => ({
    itemIdentifier: { 'topic-partition': from, offset: Number(offset) },
  }))
  return { batchItemFailures }
}
