import type { EventLog } from '../../../shared/kafka/event-log.ts'
import { type LambdaRecord, readLambdaEvent } from '../../../shared/kafka/lambda-event.ts'
import type { Log } from '../../../shared/log.ts'
import { bury } from '../dead-letters/bury.ts'
import { type Failure, ingest, type Stores } from './ingest.ts'

interface BatchResponse {
  batchItemFailures: { itemIdentifier: { 'topic-partition': string; offset: number } }[]
}

interface LambdaDeps extends Stores {
  events: EventLog
  log: Log
}

/**
 * Stores one batch of an MSK event source. A store that is away fails the call, so that Lambda sends the batch again;
 * a record that can be neither stored nor buried is reported, so that only its partition comes again, from it on.
 */
export async function handleKafkaEvent({ events, log, ...stores }: LambdaDeps, input: unknown): Promise<BatchResponse> {
  const { failures } = await ingest(stores, readLambdaEvent(input))
  const unburied: Failure<LambdaRecord>[] = []
  for (const failure of failures) {
    await bury({ ...stores, events, log }, [failure]).catch((error: unknown) => {
      log.error('dead letter cannot be written', { error })
      unburied.push(failure)
    })
  }
  const batchItemFailures = unburied.map(({ record: { from, offset } }) => ({
    itemIdentifier: { 'topic-partition': from, offset: Number(offset) },
  }))
  return { batchItemFailures }
}
