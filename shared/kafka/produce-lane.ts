import { Fault } from '../fault.ts'
import type { EventRecord, RecordPosition } from './event-log.ts'
import { BATCH_BYTES_MAX, recordBytes } from './record-size.ts'

/** Most records in one batch, so that a batch of tiny records stays quick to write. */
export const BATCH_RECORDS_MAX = 5_000
/** Bytes that may wait behind the batch in flight before callers are told to come back. */
export const WAITING_BYTES_MAX = 64 * 1024 * 1024

interface Chunk {
  records: readonly EventRecord[]
  bytes: number
  settle: PromiseWithResolvers<RecordPosition[]>
}

/**
 * Sends the records of many callers as few batches, one at a time: what waits while a batch is in flight forms
 * the next one. Order of arrival is order of offsets, and a retried batch cannot be overtaken.
 */
export class ProduceLane {
  readonly #send: (records: EventRecord[]) => Promise<RecordPosition[]>
  #waiting: Chunk[] = []
  #waitingBytes = 0
  #sending = false

  constructor(send: (records: EventRecord[]) => Promise<RecordPosition[]>) {
    this.#send = send
  }

  async push(records: readonly EventRecord[]): Promise<RecordPosition[]> {
    const positions: RecordPosition[] = []
    // One chunk after the other: a later chunk must not land when an earlier one failed.
    for (const chunk of cut(records)) positions.push(...(await this.#enqueue(chunk)))
    return positions
  }

  #enqueue({ records, bytes }: Omit<Chunk, 'settle'>): Promise<RecordPosition[]> {
    if (this.#waitingBytes + bytes > WAITING_BYTES_MAX) {
      throw new Fault('unavailable', 'event_log_busy', 'The event log is behind; try again')
    }
    const settle = Promise.withResolvers<RecordPosition[]>()
    this.#waiting.push({ records, bytes, settle })
    this.#waitingBytes += bytes
    if (!this.#sending) void this.#drain()
    return settle.promise
  }

  async #drain(): Promise<void> {
    this.#sending = true
    // Callers of the same tick share the first batch.
    await Promise.resolve()
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) await this.#sendBatch(batch)
    this.#sending = false
  }

  async #sendBatch(batch: Chunk[]): Promise<void> {
    try {
      const positions = await this.#send(batch.flatMap((chunk) => chunk.records))
      let from = 0
      for (const { records, settle } of batch) {
        settle.resolve(positions.slice(from, from + records.length))
        from += records.length
      }
    } catch (error) {
      for (const { settle } of batch) settle.reject(error)
    }
  }

  #take(): Chunk[] {
    let count = 0
    let records = 0
    let bytes = 0
    for (const chunk of this.#waiting) {
      records += chunk.records.length
      bytes += chunk.bytes
      if (count > 0 && (records > BATCH_RECORDS_MAX || bytes > BATCH_BYTES_MAX)) break
      this.#waitingBytes -= chunk.bytes
      count++
    }
    return this.#waiting.splice(0, count)
  }
}

/** Cuts a call into chunks that each fit a batch; all sizes are checked before the first is sent. */
function cut(records: readonly EventRecord[]): Omit<Chunk, 'settle'>[] {
  const chunks: { records: EventRecord[]; bytes: number }[] = []
  for (const record of records) {
    const bytes = recordBytes(record)
    const last = chunks.at(-1)
    if (last && last.records.length < BATCH_RECORDS_MAX && last.bytes + bytes <= BATCH_BYTES_MAX) {
      last.records.push(record)
      last.bytes += bytes
      continue
    }
    chunks.push({ records: [record], bytes })
  }
  return chunks
}
