import { open, rm } from 'node:fs/promises'
import { Fault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'
import { loadAcknowledged, saveAcknowledged } from './acknowledged.ts'
import { decodeFrame, encodeFrame, FRAME_HEADER_BYTES, RECORD_BYTES_MAX } from './frame.ts'
import { claimFolder } from './lock.ts'
import { makeFolder } from './make-folder.ts'
import { loadSegments, type Segment } from './segment.ts'
import { Writer } from './writer.ts'

/** What the journal may take of the disk: about 1.5 million events of 700 bytes. */
export const JOURNAL_BYTES_MAX = 1024 * 1024 * 1024
/** Samples are refused above this share of it, so that facts, which nobody can ask for again, have the rest. */
export const SAMPLES_SHARE = 0.8
/** Acknowledged records are retained up to this share of it. */
export const RETAINED_SHARE_MAX = 0.5
export const READ_BYTES_MAX = 1024 * 1024

export interface JournalOptions {
  folder: string
  log: Log
  bytesMax?: number
  segmentBytesMax?: number
}

/** Records in order, and the position behind the last of them. */
export interface Batch {
  records: Buffer[]
  end: number
}

/**
 * An append-only log on the local disk: what `append` has resolved for survives a crash and is read again until it
 * is acknowledged. One reader, in order.
 */
export class Journal implements AsyncDisposable {
  readonly #folder: string
  readonly #log: Log
  readonly #bytesMax: number
  readonly #segments: Segment[]
  readonly #writer: Writer
  readonly #claim: AsyncDisposable
  #acknowledged: number
  #retained = Number.POSITIVE_INFINITY
  #saving: Promise<void> = Promise.resolve()
  #grown = Promise.withResolvers<void>()

  /** Opens the journal in `folder`, making it if needed; 409 when another process has it open. */
  static async open(options: JournalOptions): Promise<Journal> {
    await makeFolder(options.folder)
    const claim = await claimFolder(options.folder)
    try {
      const segments = await loadSegments(options.folder)
      return new Journal(options, segments, await loadAcknowledged(options.folder), claim)
    } catch (error) {
      await claim[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(options: JournalOptions, segments: Segment[], acknowledged: number, claim: AsyncDisposable) {
    const { folder, log, bytesMax = JOURNAL_BYTES_MAX, segmentBytesMax } = options
    this.#folder = folder
    this.#log = log
    this.#bytesMax = bytesMax
    this.#segments = segments
    this.#claim = claim
    const onDurable = () => this.#wake()
    this.#writer = new Writer({
      folder,
      segments,
      onDurable,
      ...(segmentBytesMax !== undefined && { segmentBytesMax }),
    })
    const oldest = segments[0]?.start ?? 0
    this.#acknowledged = Math.min(Math.max(acknowledged, oldest), this.#writer.end)
  }

  /** Behind the last durable record. */
  get end(): number {
    return this.#writer.end
  }

  /** Behind the last acknowledged record: where reading begins after a restart. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  /** Why the last write failed (an errno name), or null. */
  get failure(): string | null {
    return this.#writer.failure
  }

  /** How much of its bound the journal takes, 0 to 1. */
  get fullness(): number {
    return (this.end - (this.#segments[0]?.start ?? this.end)) / this.#bytesMax
  }

  /** Resolves once the record is on the disk. 503 when it cannot be: the journal is full, or the disk fails. */
  async append(record: Uint8Array, importance: 'fact' | 'sample' = 'fact'): Promise<void> {
    if (record.byteLength === 0 || record.byteLength > RECORD_BYTES_MAX) {
      throw new Fault('too_large', 'record_too_large', `A record has 1 to ${RECORD_BYTES_MAX} bytes.`)
    }
    if (this.fullness >= (importance === 'fact' ? 1 : SAMPLES_SHARE)) {
      throw new Fault('unavailable', 'journal_full', `The journal takes no more ${importance}s.`)
    }
    await this.#writer.append(encodeFrame(record))
  }

  /** Up to `recordsMax` durable records from `position` on; none at the end. */
  async read(position: number, recordsMax: number): Promise<Batch> {
    const segment = this.#segments.findLast(({ start }) => start <= position)
    const last = this.#segments.at(-1)
    if (segment === undefined || last === undefined) return { records: [], end: position }
    const offset = position - segment.start
    if (offset >= segment.length) {
      const next = this.#segments[this.#segments.indexOf(segment) + 1]
      return next === undefined ? { records: [], end: position } : this.read(next.start, recordsMax)
    }
    const bytes = await readBytes(segment, offset)
    const records: Buffer[] = []
    let read = 0
    while (records.length < recordsMax) {
      const record = decodeFrame(bytes, read)
      if (record === null) break
      records.push(record)
      read += FRAME_HEADER_BYTES + record.byteLength
    }
    if (records.length > 0) return { records, end: position + read }
    return this.read(this.#skip(segment, position), recordsMax)
  }

  /** Resolves when there is something to read behind `position`, or when `signal` aborts. */
  async wait(position: number, signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<void>()
    const abort = () => aborted.resolve()
    signal.addEventListener('abort', abort, { once: true })
    while (this.end <= position && !signal.aborted) await Promise.race([this.#grown.promise, aborted.promise])
    signal.removeEventListener('abort', abort)
  }

  /** Keeps what lies behind `position` also when it is acknowledged; somebody still reads it. */
  retain(position: number): void {
    this.#retained = position
  }

  /** Lets go of everything before `position`; segments that lie wholly before it, and that nobody retains, are deleted. */
  async acknowledge(position: number): Promise<void> {
    this.#acknowledged = Math.min(Math.max(position, this.#acknowledged), this.end)
    this.#saving = this.#saving.catch(() => undefined).then(() => this.#save())
    await this.#saving
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close()
    await this.#saving.catch(() => undefined)
    await this.#claim[Symbol.asyncDispose]()
  }

  /** Deletes first: on a full disk that makes the room to save, and a position before the oldest segment means it. */
  async #save(): Promise<void> {
    while ((this.#segments[1]?.start ?? Number.POSITIVE_INFINITY) <= this.#needed) {
      const done = this.#segments.shift()
      if (done !== undefined) await rm(done.path, { force: true })
    }
    await saveAcknowledged(this.#folder, this.#acknowledged)
  }

  /** What is retained gives way to what is new. */
  get #needed(): number {
    return this.fullness > RETAINED_SHARE_MAX ? this.#acknowledged : Math.min(this.#acknowledged, this.#retained)
  }

  /** Behind a record that the disk has damaged no other begins for certain: the rest of its segment is given up. */
  #skip(segment: Segment, position: number): number {
    const end = segment.start + segment.length
    this.#log.error('the journal is damaged', { segment: segment.path, lost_bytes: end - position })
    return end
  }

  #wake(): void {
    this.#grown.resolve()
    this.#grown = Promise.withResolvers<void>()
  }
}

async function readBytes(segment: Segment, offset: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(Math.min(segment.length - offset, READ_BYTES_MAX))
  const handle = await open(segment.path, 'r')
  try {
    const { bytesRead } = await handle.read(bytes, 0, bytes.byteLength, offset)
    return bytes.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
