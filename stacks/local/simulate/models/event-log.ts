import { Fault } from '../../../../shared/fault.ts'
import { BatchTurns } from '../../../../shared/kafka/batch-turns.ts'
import type {
  BatchHandler,
  ConsumeOptions,
  Consumer,
  EventLog,
  EventRecord,
  PartitionLag,
  RecordPosition,
  TopicOptions,
} from '../../../../shared/kafka/event-log.ts'
import { HandlerError, retryDelayMs } from '../../../../shared/kafka/handle-batch.ts'
import { ProduceLane } from '../../../../shared/kafka/produce-lane.ts'
import { startConsumer } from '../../../../shared/kafka/start-consumer.ts'
import { wait } from '../../../../shared/kafka/wait.ts'
import { within } from '../../../../shared/kafka/within.ts'
import type { Assignment, Broker } from './broker.ts'

/** As the engines have them: a produce call answers within this time, and a member is heard of so often. */
const PRODUCE_DEADLINE_MS = 15_000
const CALL_DEADLINE_MS = 10_000
const HEARTBEAT_MS = 3_000
const POLL_MS = 4_000

/** Has the broker do something, over whatever lies between; rejects with anything when it did not answer. */
export type AskBroker = <T>(work: (broker: Broker) => T) => Promise<T>

/** The client of the model of the event log: retries, deadlines and membership as the real engines' clients have them. */
export class ModelEventLog implements EventLog {
  readonly #ask: AskBroker
  readonly #lanes = new Map<string, ProduceLane>()
  readonly #consumers = new Set<Consumer>()

  constructor(ask: AskBroker) {
    this.#ask = async (work) => {
      try {
        return await within(CALL_DEADLINE_MS, ask(work))
      } catch (error) {
        if (error instanceof Fault) throw error
        throw new Fault('unavailable', 'event_log_unavailable', 'The event log cannot be reached', { cause: error })
      }
    }
  }

  ensureTopic(topic: string, { partitions }: TopicOptions): Promise<void> {
    return this.#ask((broker) => broker.ensureTopic(topic, partitions))
  }

  produce(topic: string, records: readonly EventRecord[]): Promise<RecordPosition[]> {
    const send = (batch: EventRecord[]) =>
      within(
        PRODUCE_DEADLINE_MS,
        this.#ask((broker) => broker.append(topic, batch)),
      )
    const lane = this.#lanes.get(topic) ?? new ProduceLane(send)
    this.#lanes.set(topic, lane)
    return lane.push(records)
  }

  consume(of: ConsumeOptions, handler: BatchHandler): Consumer {
    const consumer: Consumer = startConsumer(
      of.signal,
      () => this.lag(of),
      (closing) => this.#run(of, handler, closing).finally(() => this.#consumers.delete(consumer)),
    )
    this.#consumers.add(consumer)
    return consumer
  }

  lag({ topic, group }: { topic: string; group: string }): Promise<PartitionLag[]> {
    return this.#ask((broker) => broker.lag(topic, group))
  }

  partitions(topic: string): Promise<number> {
    return this.#ask((broker) => broker.records(topic).length)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()))
  }

  async #run(of: ConsumeOptions, handler: BatchHandler, closing: AbortSignal): Promise<void> {
    const member = crypto.randomUUID()
    try {
      for (let failures = 0; !closing.aborted; failures++) {
        try {
          const assignment = await this.#ask((broker) => broker.join(of.topic, of.group, member))
          await this.#work(of, handler, { member, assignment, closing })
          failures = 0
        } catch (error) {
          if (error instanceof HandlerError || !(error instanceof Fault && error.retry)) throw error
          await wait(retryDelayMs(failures), closing)
        }
      }
    } finally {
      await this.#ask((broker) => broker.leave(of.topic, of.group, member)).catch(() => undefined)
    }
  }

  /** Reads, handles and commits for as long as the group stays as it is. */
  async #work(
    { topic, group, batch_records_max, batch_wait_ms }: ConsumeOptions,
    handler: BatchHandler,
    { member, assignment, closing }: { member: string; assignment: Assignment; closing: AbortSignal },
  ): Promise<void> {
    const over = new AbortController()
    const ended = AbortSignal.any([closing, over.signal])
    const { generation, next } = assignment
    const beats = this.#beat(ended, () => this.#ask((broker) => broker.heartbeat(topic, group, member, generation)))
    void beats.then(() => over.abort())
    const turns = new BatchTurns(handler, () => over.abort())
    try {
      while (!ended.aborted) {
        const batch = await this.#ask((broker) => broker.fetch(topic, next, batch_records_max))
        if (batch.length === 0) {
          await wait(Math.max(POLL_MS, batch_wait_ms), ended)
          continue
        }
        const offsets = new Map(batch.map(({ partition, offset }) => [partition, offset + 1n]))
        const commit = () => this.#ask((broker) => broker.commit(topic, group, member, { generation, next: offsets }))
        if (!(await turns.take(batch, commit, ended))) break
        for (const [partition, offset] of offsets) next.set(partition, offset)
      }
      await turns.settled()
    } finally {
      over.abort()
    }
  }

  /** Resolves once the group has moved on, or the member is to stop. */
  async #beat(ended: AbortSignal, beat: () => Promise<boolean>): Promise<void> {
    for (;;) {
      await wait(HEARTBEAT_MS, ended)
      // A broker that does not answer is heard of again, or ends the membership by itself.
      if (ended.aborted || !(await beat().catch(() => true))) return
    }
  }
}
