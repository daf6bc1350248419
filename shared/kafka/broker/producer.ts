import { ProduceAcks, Producer } from '@platformatic/kafka'
import { Fault } from '../../fault.ts'
import type { EventRecord, RecordPosition } from '../event-log.ts'
import { partitionOf } from '../partition.ts'
import { ProduceLane } from '../produce-lane.ts'
import { recordTime } from '../record-size.ts'
import { within } from '../within.ts'
import { CLOSE_DEADLINE_MS, clientOptions, compression, type KafkaOptions, PRODUCE_DEADLINE_MS } from './client.ts'
import { toKafkaFault } from './fault.ts'

type TextProducer = Producer<string, Buffer, string, string>

/** The idempotent producer of one topic: its failures and its order are its own. */
export class TopicProducer {
  readonly #topic: string
  readonly #options: KafkaOptions
  readonly #lane = new ProduceLane((records) => this.#send(records))
  #producer: TextProducer | undefined

  constructor(topic: string, options: KafkaOptions) {
    this.#topic = topic
    this.#options = options
  }

  produce(records: readonly EventRecord[]): Promise<RecordPosition[]> {
    return this.#lane.push(records)
  }

  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    if (producer) await within(CLOSE_DEADLINE_MS, producer.close(true)).catch(() => undefined)
  }

  async #send(records: EventRecord[]): Promise<RecordPosition[]> {
    this.#producer ??= openProducer(this.#options)
    try {
      return await within(PRODUCE_DEADLINE_MS, this.#sendBy(this.#producer, records))
    } catch (error) {
      // The client may still be trying: closing it keeps this batch from landing after a later one.
      await this.close()
      throw toKafkaFault(error)
    }
  }

  async #sendBy(producer: TextProducer, records: EventRecord[]): Promise<RecordPosition[]> {
    const topic = this.#topic
    const metadata = await producer.metadata({ topics: [topic] })
    const count = metadata.topics.get(topic)?.partitionsCount
    if (!count) throw new Fault('not_found', 'unknown_topic', 'The topic does not exist')

    const now = Date.now()
    const messages = records.map((record) => ({
      topic,
      partition: record.partition ?? partitionOf(record.key, count),
      key: record.key,
      value: toBuffer(record.value),
      headers: record.headers,
      timestamp: BigInt(recordTime(record, now)),
    }))
    const { offsets = [] } = await producer.send({ messages, acks: ProduceAcks.ALL, compression })
    const next = new Map(offsets.map(({ partition, offset }) => [partition, offset]))
    return messages.map(({ partition }) => {
      const offset = next.get(partition)
      if (offset === undefined)
        throw new Fault('unavailable', 'event_log_unavailable', 'A partition was not acknowledged')
      next.set(partition, offset + 1n)
      return { partition, offset }
    })
  }
}

function openProducer(options: KafkaOptions): TextProducer {
  return new Producer<string, Buffer, string, string>({
    ...clientOptions(options),
    idempotent: true,
    serializers: { key: toText, value: (value) => value, headerKey: toText, headerValue: toText },
  })
}

function toText(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(text)
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
