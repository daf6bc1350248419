import { z } from 'zod'
import type { ConsumedRecord, EventLog } from '../../../shared/kafka/event-log.ts'
import type { Log } from '../../../shared/log.ts'
import { bury } from './dead-letters.ts'
import { type Failure, ingest, type Stores } from './ingest.ts'

const Base64 = z.string().nullish()

/** What Lambda hands over from an MSK topic; header values come as lists of bytes. */
const KafkaEvent = z.object({
  records: z.record(
    z.string(),
    z.array(
      z.object({
        partition: z.int(),
        offset: z.int(),
        timestamp: z.int(),
        key: Base64,
        value: Base64,
        headers: z.array(z.record(z.string(), z.array(z.int()))).default([]),
      }),
    ),
  ),
})

interface BatchResponse {
  batchItemFailures: { itemIdentifier: { 'topic-partition': string; offset: number } }[]
}

type LambdaRecord = ConsumedRecord & { from: string }

interface LambdaDeps extends Stores {
  events: EventLog
  log: Log
}

/**
 * Stores one batch of an MSK event source. A store that is away fails the call, so that Lambda sends the batch again;
 * a record that can be neither stored nor buried is reported, so that only its partition comes again, from it on.
 */
export async function handleKafkaEvent({ events, log, ...stores }: LambdaDeps, input: unknown): Promise<BatchResponse> {
  const { records } = KafkaEvent.parse(input)
  const batch = Object.entries(records).flatMap(([from, list]) => list.map((record) => toRecord(from, record)))
  const { failures } = await ingest(stores, batch)
  const unburied: Failure<LambdaRecord>[] = []
  for (const failure of failures) {
    await bury({ events, log }, [failure]).catch((error: unknown) => {
      log.error('dead letter cannot be written', { error })
      unburied.push(failure)
    })
  }
  const batchItemFailures = unburied.map(({ record: { from, offset } }) => ({
    itemIdentifier: { 'topic-partition': from, offset: Number(offset) },
  }))
  return { batchItemFailures }
}

function toRecord(from: string, record: z.infer<typeof KafkaEvent>['records'][string][number]): LambdaRecord {
  const { partition, offset, timestamp, key, value, headers } = record
  const texts = headers.flatMap((header) =>
    Object.entries(header).map(([name, bytes]) => [name, Buffer.from(bytes).toString()]),
  )
  return {
    from,
    partition,
    offset: BigInt(offset),
    timestamp_ms: timestamp,
    key: Buffer.from(key ?? '', 'base64').toString(),
    value: Buffer.from(value ?? '', 'base64'),
    headers: Object.fromEntries(texts),
  }
}
