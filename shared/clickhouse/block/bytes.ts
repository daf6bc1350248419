const START_BYTES = 1024
const VARINT_BYTES_MAX = 8
/** UTF-8 bytes of one UTF-16 character at most. */
const CHARACTER_BYTES_MAX = 3
/** Texts shorter than this have a length of one byte, which is an ASCII character itself. */
const SHORT_CHARS = 128
const PREFIXES = Array.from({ length: SHORT_CHARS }, (_, length) => String.fromCharCode(length))

/** Bytes that grow as they are written, little end first, as ClickHouse's binary formats are. */
export class Bytes {
  #buffer = Buffer.allocUnsafe(START_BYTES)
  #length = 0

  /** What was written so far; valid until more is written. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Room for `count` bytes that the caller fills: where it begins, in which buffer. */
  take(count: number): { buffer: Buffer; at: number } {
    this.#reserve(count)
    const at = this.#length
    this.#length += count
    return { buffer: this.#buffer, at }
  }

  /** A whole number, seven bits a byte. */
  varint(value: number): void {
    this.#reserve(VARINT_BYTES_MAX)
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#buffer[this.#length++] = (rest % 128) | 128
    this.#buffer[this.#length++] = rest
  }

  text(text: string): void {
    this.varint(Buffer.byteLength(text))
    this.#reserve(text.length * CHARACTER_BYTES_MAX)
    this.#length += this.#buffer.write(text, this.#length)
  }

  /** Texts, each after its length: short ASCII ones, as most are, in one piece. */
  texts(texts: readonly string[]): void {
    const piece = toPiece(texts)
    if (piece === undefined) {
      for (const text of texts) this.text(text)
      return
    }
    this.#reserve(piece.length)
    this.#length += this.#buffer.write(piece, this.#length, 'latin1')
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}

function toPiece(texts: readonly string[]): string | undefined {
  let piece = ''
  for (const text of texts) {
    if (text.length >= SHORT_CHARS) return undefined
    piece += PREFIXES[text.length] + text
  }
  return Buffer.byteLength(piece) === piece.length ? piece : undefined
}
