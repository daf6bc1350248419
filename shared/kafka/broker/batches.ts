import type { Message, MessagesStream } from '@platformatic/kafka'
import { Fault } from '../../fault.ts'
import type { ConsumedRecord } from '../event-log.ts'
import { HANDLED_BYTES_MAX } from '../record-size.ts'

export type TextStream = MessagesStream<string, Buffer, string, string>
export type TextMessage = Message<string, Buffer, string, string>

interface BatchLimits {
  batch_records_max: number
  batch_wait_ms: number
}

/** Cuts the client's stream of messages into batches by count, bytes and time. */
export class KafkaBatches {
  readonly #stream: TextStream
  readonly #limits: BatchLimits
  #wake = Promise.withResolvers<void>()

  constructor(stream: TextStream, limits: BatchLimits, ended: AbortSignal) {
    this.#stream = stream
    this.#limits = limits
    const wake = () => this.#wake.resolve()
    // The client fetches only while somebody listens, so this listener stays for the life of the stream.
    stream.on('readable', wake).on('end', wake).on('close', wake).on('error', wake)
    ended.addEventListener('abort', wake, { once: true })
  }

  /** The next batch, in order for each partition; empty when `ended` was aborted. */
  async next(ended: AbortSignal): Promise<TextMessage[]> {
    const batch: TextMessage[] = []
    const { batch_records_max, batch_wait_ms } = this.#limits
    let bytes = 0
    let until = Number.POSITIVE_INFINITY
    for (;;) {
      this.#wake = Promise.withResolvers<void>()
      if (ended.aborted) return []
      while (batch.length < batch_records_max && bytes < HANDLED_BYTES_MAX) {
        const message: TextMessage | null = this.#stream.read()
        if (!message) break
        if (batch.length === 0) until = performance.now() + batch_wait_ms
        batch.push(message)
        bytes += message.value?.byteLength ?? 0
      }
      const left = until - performance.now()
      if (batch.length >= batch_records_max || bytes >= HANDLED_BYTES_MAX || left <= 0) return batch
      this.#throwIfOver()
      await this.#woken(left)
    }
  }

  #throwIfOver(): void {
    if (this.#stream.errored) throw this.#stream.errored
    if (this.#stream.destroyed || this.#stream.readableEnded) {
      throw new Fault('unavailable', 'event_log_unavailable', 'The stream of messages ended')
    }
  }

  async #woken(ms: number): Promise<void> {
    if (!Number.isFinite(ms)) return this.#wake.promise
    const timer = setTimeout(this.#wake.resolve, ms)
    await this.#wake.promise
    clearTimeout(timer)
  }
}

export function toRecord({ partition, offset, key, value, headers, timestamp }: TextMessage): ConsumedRecord {
  // Other producers may leave out the key or the value, which the library's types do not show.
  return {
    partition,
    offset,
    key: key ?? '',
    value: value ?? new Uint8Array(),
    headers: Object.fromEntries(headers),
    timestamp_ms: Number(timestamp),
  }
}
