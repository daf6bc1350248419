import type { Random } from './random.ts'

/** What was done to a file since its last sync; `bytes` is null where it was cut. */
interface Write {
  position: number
  bytes: Uint8Array | null
}

/** A file as its readers see it, and what of it a crash would leave. */
export class DiskFile {
  content: Buffer = Buffer.alloc(0)
  #durable: Buffer = Buffer.alloc(0)
  #writes: Write[] = []

  write(bytes: Uint8Array, position: number): void {
    this.content = patched(this.content, bytes, position)
    this.#writes.push({ position, bytes: Uint8Array.from(bytes) })
  }

  truncate(length: number): void {
    this.content = resized(this.content, length)
    this.#writes.push({ position: length, bytes: null })
  }

  sync(): void {
    this.#durable = this.content
    this.#writes = []
  }

  /** A sync that failed: some of the writes are on the disk, and no later sync brings the others. */
  loseWrites(random: Random): void {
    this.#durable = survivors(this.#durable, this.#writes, random)
    this.#writes = []
  }

  cutPower(random: Random): void {
    this.loseWrites(random)
    this.content = this.#durable
  }
}

/** Writes that were not synced survive whole, torn, as zeros or not at all, each by itself. */
function survivors(durable: Buffer, writes: readonly Write[], random: Random): Buffer {
  return writes.reduce((file, { position, bytes }) => {
    const fate = random.pick(['whole', 'torn', 'zeros', 'lost'] as const)
    if (fate === 'lost') return file
    if (bytes === null) return fate === 'whole' ? resized(file, position) : file
    if (fate === 'zeros') return patched(file, Buffer.alloc(bytes.byteLength), position)
    const kept = fate === 'whole' ? bytes.byteLength : random.integer(0, bytes.byteLength)
    return patched(file, bytes.subarray(0, kept), position)
  }, durable)
}

/** A copy: who reads the old one goes on seeing it. */
function patched(file: Buffer, bytes: Uint8Array, position: number): Buffer {
  const copy = resized(file, Math.max(file.byteLength, position + bytes.byteLength))
  copy.set(bytes, position)
  return copy
}

function resized(file: Buffer, length: number): Buffer {
  const copy = Buffer.alloc(length)
  file.copy(copy, 0, 0, length)
  return copy
}
