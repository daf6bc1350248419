import { z } from 'zod'
import type { ConsumedRecord } from './event-log.ts'

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

/** A record, and the topic and partition as Lambda names them together. */
export type LambdaRecord = ConsumedRecord & { from: string }

/** The records of what an MSK event source hands to a function; throws a `ZodError` when it is something else. */
export function readLambdaEvent(input: unknown): LambdaRecord[] {
  const { records } = KafkaEvent.parse(input)
  return Object.entries(records).flatMap(([from, list]) => list.map((record) => toRecord(from, record)))
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
