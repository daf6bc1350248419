import { z } from 'zod'

/** The topic of every event, and the one that holds what could not be stored, with the reason in its headers. */
export const EVENTS_TOPIC = 'analytics_events'
export const DEAD_LETTERS_TOPIC = 'analytics_events_dlq'

/** How the topics are made; more partitions later would break the order of keys. */
export const TOPIC_PARTITIONS = 12
export const EVENTS_RETENTION_MS = 7 * 24 * 60 * 60 * 1000
export const DEAD_LETTERS_RETENTION_MS = 30 * 24 * 60 * 60 * 1000

/** Everybody who reads every event, by the group of their offsets. */
export const EVENTS_GROUPS = ['periscope-ingest', 'commodore-events', 'signalman-feed'] as const
export type EventsGroup = (typeof EVENTS_GROUPS)[number]

/** Topics that may be produced to from outside. */
export const Topic = z.enum([EVENTS_TOPIC]).describe('The topic to append to')
export type Topic = z.infer<typeof Topic>

/**
 * One record of the Upstash Kafka REST protocol. `value` is one event as its observer sends it (SentEvent of
 * shared/events), as a JSON text or as the object itself. `key`, `headers`, `partition` and `timestamp` are part of
 * the protocol and set by Decklog instead, because they say whose the event is.
 */
export const ProduceRecord = z.object({
  value: z.union([z.string(), z.record(z.string(), z.unknown())]),
  key: z.string().optional(),
  headers: z.array(z.object({ key: z.string(), value: z.string() })).optional(),
  partition: z.int().optional(),
  timestamp: z.int().optional(),
})
export type ProduceRecord = z.infer<typeof ProduceRecord>

/** One record or many; `@upstash/kafka` sends its records to `/produce` and names the topic in each. */
export const ProduceRequest = oneOrMany(ProduceRecord)
export const ProduceNamedRequest = oneOrMany(ProduceRecord.extend({ topic: Topic }))

function oneOrMany<S extends z.ZodType>(record: S) {
  const many = z.array(record).min(1)
  return z.union([many, record.transform((one): z.output<S>[] => [one])])
}

export const ProducedRecord = z.object({
  topic: Topic,
  partition: z.int(),
  offset: z.int(),
  timestamp: z.int().describe('When Decklog took it, Unix ms'),
})

/** A record that is wrong in itself: the others of its batch are in the log, and sending it again changes nothing. */
export const RejectedRecord = z.object({
  status: z.literal(422),
  error: z.string().describe('A stable code, a colon, and words for people'),
})

/** One entry for each record, in the order sent. */
export const ProduceResponse = z.array(z.union([ProducedRecord, RejectedRecord]))
export type ProduceResponse = z.infer<typeof ProduceResponse>
