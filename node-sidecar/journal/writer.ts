import { type FileHandle, open } from 'node:fs/promises'
import { Fault } from '../../shared/fault.ts'
import { createSegment, type Segment } from './segment.ts'

/** A segment is full at this size; the group that is written then still goes into it. */
export const SEGMENT_BYTES_MAX = 16 * 1024 * 1024
/** One write and one sync for at most this much. */
export const GROUP_BYTES_MAX = 4 * 1024 * 1024
/** What waits for the disk in memory at most; more is refused, as the disk does not keep up. */
export const WAITING_BYTES_MAX = 32 * 1024 * 1024

interface Waiting {
  frame: Buffer
  durable: () => void
  failed: (fault: Fault) => void
}

interface WriterOptions {
  folder: string
  segments: Segment[]
  segmentBytesMax?: number
  /** Called when more is durable. */
  onDurable: () => void
}

/** Appends frames to the newest segment: all that arrive during one sync share the next. */
export class Writer {
  readonly #folder: string
  readonly #segments: Segment[]
  readonly #segmentBytesMax: number
  readonly #onDurable: () => void
  #active: { segment: Segment; handle: FileHandle } | null = null
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #writing: Promise<void> | null = null
  /** Why the last write failed; null while the disk is well. */
  failure: string | null = null

  constructor({ folder, segments, segmentBytesMax = SEGMENT_BYTES_MAX, onDurable }: WriterOptions) {
    this.#folder = folder
    this.#segments = segments
    this.#segmentBytesMax = segmentBytesMax
    this.#onDurable = onDurable
  }

  /** The position behind the last durable record. */
  get end(): number {
    const last = this.#segments.at(-1)
    return last === undefined ? 0 : last.start + last.length
  }

  /** Resolves once the frame is on the disk; 503 when it is not. */
  append(frame: Buffer): Promise<void> {
    if (this.#waitingBytes + frame.byteLength > WAITING_BYTES_MAX) {
      return Promise.reject(new Fault('unavailable', 'journal_busy', 'The disk does not keep up with the journal.'))
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ frame, durable: resolve, failed: reject })
    this.#waitingBytes += frame.byteLength
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null
    })
    return promise
  }

  /** Waits for what was appended, then lets go of the file. */
  async close(): Promise<void> {
    await this.#writing
    await this.#active?.handle.close()
    this.#active = null
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup()
      try {
        await this.#writeGroup(Buffer.concat(group.map(({ frame }) => frame)))
        this.failure = null
        for (const { durable } of group) durable()
        this.#onDurable()
      } catch (cause) {
        await this.#abandon()
        const fault = new Fault('unavailable', 'journal_write_failed', 'The journal cannot be written.', { cause })
        this.failure = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
        for (const { failed } of group) failed(fault)
      }
    }
  }

  #takeGroup(): Waiting[] {
    let bytes = 0
    const full = this.#waiting.findIndex(({ frame }) => {
      bytes += frame.byteLength
      return bytes > GROUP_BYTES_MAX
    })
    const group = this.#waiting.splice(0, full === -1 ? this.#waiting.length : Math.max(full, 1))
    this.#waitingBytes -= group.reduce((sum, { frame }) => sum + frame.byteLength, 0)
    return group
  }

  async #writeGroup(bytes: Buffer): Promise<void> {
    const { segment, handle } = await this.#activate()
    for (let written = 0; written < bytes.byteLength; ) {
      const result = await handle.write(bytes, written, bytes.byteLength - written, segment.length + written)
      written += result.bytesWritten
    }
    await handle.datasync()
    segment.length += bytes.byteLength
  }

  async #activate(): Promise<{ segment: Segment; handle: FileHandle }> {
    if (this.#active !== null && this.#active.segment.length < this.#segmentBytesMax) return this.#active
    const full = this.#active
    this.#active = null
    await full?.handle.close()
    const segment = await createSegment(this.#folder, this.end)
    const handle = await open(segment.path, 'r+')
    if (this.#segments.at(-1)?.start === segment.start) this.#segments.pop()
    this.#segments.push(segment)
    this.#active = { segment, handle }
    return this.#active
  }

  /** After a failed write or sync the file's content is anyone's guess: cut it back, and write on in a new one. */
  async #abandon(): Promise<void> {
    const broken = this.#active
    this.#active = null
    if (broken === null) return
    await broken.handle.truncate(broken.segment.length).catch(() => undefined)
    await broken.handle.close().catch(() => undefined)
  }
}
