import type { Pool } from '../../postgres/pool.ts'
import type {
  BatchHandler,
  ConsumeOptions,
  Consumer,
  EventLog,
  EventRecord,
  PartitionLag,
  TopicOptions,
} from '../event-log.ts'
import { ProduceLane } from '../produce-lane.ts'
import { startConsumer } from '../start-consumer.ts'
import { within } from '../within.ts'
import { append } from './append.ts'
import { type PostgresLogOptions, runPostgresConsumer } from './consumer.ts'
import { deleteExpired, EXPIRED_RECORDS_MAX } from './retention.ts'
import { ensureTopic, findTopic, readLag, type Topic } from './topic.ts'
import { Wakeup } from './wakeup.ts'

/** A produce call answers within this time, durable or not. */
export const PRODUCE_DEADLINE_MS = 15_000
/** How often a log that consumes deletes expired records. */
export const RETENTION_INTERVAL_MS = 60_000

/** The event log on Postgres, in the schema that `migrations` make. It owns the pool and closes it. */
export class PostgresEventLog implements EventLog {
  readonly #pool: Pool
  readonly #options: PostgresLogOptions
  readonly #wakeup: Wakeup
  readonly #topics = new Map<string, Topic>()
  readonly #lanes = new Map<string, ProduceLane>()
  readonly #consumers = new Set<Consumer>()
  #retention: NodeJS.Timeout | undefined

  constructor(pool: Pool, options: PostgresLogOptions = {}) {
    this.#pool = pool
    this.#options = options
    this.#wakeup = new Wakeup(pool, options.echo_ms)
  }

  async ensureTopic(topic: string, options: TopicOptions): Promise<void> {
    await ensureTopic(this.#pool, topic, options)
  }

  produce(topic: string, records: readonly EventRecord[]) {
    let lane = this.#lanes.get(topic)
    if (!lane) {
      lane = new ProduceLane((batch) =>
        within(
          PRODUCE_DEADLINE_MS,
          this.#topic(topic).then((found) => append(this.#pool, found, batch)),
        ),
      )
      this.#lanes.set(topic, lane)
    }
    return lane.push(records)
  }

  consume(of: ConsumeOptions, handler: BatchHandler): Consumer {
    this.#retention ??= setInterval(() => void this.#keepUp().catch(this.#options.report), RETENTION_INTERVAL_MS)
    const work = {
      pool: this.#pool,
      findTopic: () => this.#topic(of.topic),
      of,
      handler,
      wakeup: this.#wakeup,
      options: this.#options,
    }
    const consumer: Consumer = startConsumer(
      of.signal,
      () => this.lag(of),
      (closing) => runPostgresConsumer(work, closing).finally(() => this.#consumers.delete(consumer)),
    )
    this.#consumers.add(consumer)
    return consumer
  }

  async lag({ topic, group }: { topic: string; group: string }): Promise<PartitionLag[]> {
    return readLag(this.#pool, await this.#topic(topic), group)
  }

  async partitions(topic: string): Promise<number> {
    return (await this.#topic(topic)).partitions
  }

  /** Deletes a bounded number of records that have outlived their topic's retention; answers how many. */
  deleteExpired(): Promise<number> {
    return deleteExpired(this.#pool)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#retention)
    this.#retention = undefined
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()))
    await this.#wakeup.close()
    await this.#pool.end()
  }

  /** A topic may take more between two times than one pass deletes. */
  async #keepUp(): Promise<void> {
    while (this.#retention !== undefined) if ((await this.deleteExpired()) < EXPIRED_RECORDS_MAX) return
  }

  /** Topics neither vanish nor change their partitions, so each is looked up once. */
  async #topic(name: string): Promise<Topic> {
    const known = this.#topics.get(name)
    if (known) return known
    const topic = await findTopic(this.#pool, name)
    this.#topics.set(name, topic)
    return topic
  }
}
