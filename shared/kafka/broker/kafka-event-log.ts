import { Admin, findErrorBy, ListOffsetTimestamps } from '@platformatic/kafka'
import { Fault } from '../../fault.ts'
import type {
  BatchHandler,
  ConsumeOptions,
  Consumer,
  EventLog,
  EventRecord,
  PartitionLag,
  TopicOptions,
} from '../event-log.ts'
import { startConsumer } from '../start-consumer.ts'
import { wait } from '../wait.ts'
import { within } from '../within.ts'
import { CLOSE_DEADLINE_MS, clientOptions, type KafkaOptions, RETRY_PAUSE_MS } from './client.ts'
import { runKafkaConsumer } from './consumer.ts'
import { toKafkaFault } from './fault.ts'
import { TopicProducer } from './producer.ts'

/** A new topic is usable on every broker within this time. */
const TOPIC_READY_DEADLINE_MS = 10_000
/** Lets the broker's own default decide how many copies a topic has. */
const REPLICAS_DEFAULT = -1

/** The event log on Apache Kafka. */
export class KafkaEventLog implements EventLog {
  readonly #options: KafkaOptions
  readonly #admin: Admin
  readonly #producers = new Map<string, TopicProducer>()
  readonly #consumers = new Set<Consumer>()

  constructor(options: KafkaOptions) {
    this.#options = options
    this.#admin = new Admin(clientOptions(options))
  }

  async ensureTopic(topic: string, { partitions, retention_ms }: TopicOptions): Promise<void> {
    const configs = retention_ms === undefined ? [] : [{ name: 'retention.ms', value: String(retention_ms) }]
    try {
      await this.#admin.createTopics({ topics: [topic], partitions, replicas: REPLICAS_DEFAULT, configs })
    } catch (error) {
      const exists = error instanceof Error && findErrorBy(error, 'apiId', 'TOPIC_ALREADY_EXISTS')
      if (!exists) throw toKafkaFault(error)
    }
    await this.#topicReady(topic)
  }

  produce(topic: string, records: readonly EventRecord[]) {
    let producer = this.#producers.get(topic)
    if (!producer) {
      producer = new TopicProducer(topic, this.#options)
      this.#producers.set(topic, producer)
    }
    return producer.produce(records)
  }

  consume(of: ConsumeOptions, handler: BatchHandler): Consumer {
    const consumer: Consumer = startConsumer(
      of.signal,
      () => this.lag(of),
      (closing) =>
        runKafkaConsumer(this.#options, of, handler, closing).finally(() => this.#consumers.delete(consumer)),
    )
    this.#consumers.add(consumer)
    return consumer
  }

  async lag({ topic, group }: { topic: string; group: string }): Promise<PartitionLag[]> {
    try {
      const count = await this.partitions(topic)
      const partitionIndexes = Array.from({ length: count }, (_, partition) => partition)
      const [ends, starts, groups] = await Promise.all([
        this.#offsets(topic, count, ListOffsetTimestamps.LATEST),
        this.#offsets(topic, count, ListOffsetTimestamps.EARLIEST),
        this.#admin.listConsumerGroupOffsets({
          groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes }] }],
        }),
      ])
      const committed = new Map(
        groups
          .flatMap(({ topics }) => topics.flatMap(({ partitions }) => partitions))
          .map((p) => [p.partitionIndex, p.committedOffset]),
      )
      return partitionIndexes.map((partition) => {
        const end = ends.get(partition) ?? 0n
        const start = starts.get(partition) ?? 0n
        const at = committed.get(partition) ?? -1n
        const from = at < start ? start : at
        return { partition, committed: from, end, lag: end - from }
      })
    } catch (error) {
      throw toKafkaFault(error)
    }
  }

  async partitions(topic: string): Promise<number> {
    try {
      const metadata = await this.#admin.metadata({ topics: [topic] })
      const count = metadata.topics.get(topic)?.partitionsCount
      if (!count) throw new Fault('not_found', 'unknown_topic', 'The topic does not exist')
      return count
    } catch (error) {
      throw toKafkaFault(error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()))
    await Promise.all([...this.#producers.values()].map((producer) => producer.close()))
    await within(CLOSE_DEADLINE_MS, this.#admin.close()).catch(() => undefined)
  }

  async #offsets(topic: string, count: number, timestamp: bigint): Promise<Map<number, bigint>> {
    const partitions = Array.from({ length: count }, (_, partitionIndex) => ({ partitionIndex, timestamp }))
    const listed = await this.#admin.listOffsets({ topics: [{ name: topic, partitions }] })
    return new Map(listed.flatMap((of) => of.partitions).map(({ partitionIndex, offset }) => [partitionIndex, offset]))
  }

  /** The broker acknowledges a new topic before all of its partitions have a leader. */
  async #topicReady(topic: string): Promise<void> {
    const deadline = AbortSignal.timeout(TOPIC_READY_DEADLINE_MS)
    for (;;) {
      try {
        const metadata = await this.#admin.metadata({ topics: [topic], forceUpdate: true })
        const partitions = metadata.topics.get(topic)?.partitions ?? []
        if (partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)) return
      } catch (error) {
        const fault = toKafkaFault(error)
        if (deadline.aborted || !(fault.retry || fault.reason === 'unknown_topic')) throw fault
      }
      if (deadline.aborted) throw new Fault('unavailable', 'event_log_unavailable', 'The new topic has no leader yet')
      await wait(RETRY_PAUSE_MS, deadline)
    }
  }
}
