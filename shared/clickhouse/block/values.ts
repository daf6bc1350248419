import type { Bytes } from './bytes.ts'

const UINT32 = 2 ** 32
const UINT64 = 2 ** 64
const WORD_BYTES = 8
const UUID_BYTES = 16
/** Where ClickHouse's times with milliseconds begin and end. */
const TIME_MS_MIN = Date.parse('1900-01-01T00:00:00.000Z')
const TIME_MS_MAX = Date.parse('2299-12-31T23:59:59.999Z')

export function writeTexts(out: Bytes, values: readonly unknown[]): void {
  const texts = values as readonly string[]
  for (const text of texts) if (typeof text !== 'string' || !text.isWellFormed()) refuse('a text', text)
  out.texts(texts)
}

export function writeWholes(out: Bytes, values: readonly unknown[]): void {
  const { buffer, at } = out.take(values.length * WORD_BYTES)
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    if (!Number.isInteger(value) || value < 0 || value >= UINT64) refuse('a whole number', value)
    writeWord(buffer, at + i * WORD_BYTES, value)
  }
}

export function writeNumbers(out: Bytes, values: readonly unknown[]): void {
  const { buffer, at } = out.take(values.length * WORD_BYTES)
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    if (!Number.isFinite(value)) refuse('a number', value)
    // JSON knows no -0, and no more do the rows that came by it.
    buffer.writeDoubleLE(value === 0 ? 0 : value, at + i * WORD_BYTES)
  }
}

export function writeFlags(out: Bytes, values: readonly unknown[]): void {
  const { buffer, at } = out.take(values.length)
  for (let i = 0; i < values.length; i++) {
    if (typeof values[i] !== 'boolean') refuse('true or false', values[i])
    buffer[at + i] = values[i] ? 1 : 0
  }
}

/** Times that ClickHouse has not become the nearest it has. */
export function writeTimes(out: Bytes, values: readonly unknown[]): void {
  const { buffer, at } = out.take(values.length * WORD_BYTES)
  let [last, ms]: [unknown, number] = [undefined, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (value !== last) {
      const parsed = Date.parse(value as string)
      if (Number.isNaN(parsed)) refuse('a time', value)
      ;[last, ms] = [value, Math.min(Math.max(parsed, TIME_MS_MIN), TIME_MS_MAX)]
    }
    writeWord(buffer, at + i * WORD_BYTES, ms)
  }
}

/** Negative ones too: the upper half is then that of the two's complement. */
function writeWord(buffer: Buffer, at: number, value: number): void {
  const low = value >>> 0
  const high = Math.floor(value / UINT32)
  buffer[at] = low
  buffer[at + 1] = low >>> 8
  buffer[at + 2] = low >>> 16
  buffer[at + 3] = low >>> 24
  buffer[at + 4] = high
  buffer[at + 5] = high >> 8
  buffer[at + 6] = high >> 16
  buffer[at + 7] = high >> 24
}

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i
/** Offsets of the digits of each byte, in the order of the wire: two words, each with its last byte first. */
const UUID_DIGITS = [16, 14, 11, 9, 6, 4, 2, 0, 34, 32, 30, 28, 26, 24, 21, 19]
const DIGIT_VALUES = new Uint8Array(128)
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  DIGIT_VALUES[digit.charCodeAt(0)] = value
  DIGIT_VALUES[digit.toUpperCase().charCodeAt(0)] = value
}

export function writeUuids(out: Bytes, values: readonly unknown[]): void {
  const { buffer, at } = out.take(values.length * UUID_BYTES)
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as string
    if (!UUID.test(value)) refuse('a UUID', value)
    for (let byte = 0; byte < UUID_BYTES; byte++) {
      const digit = UUID_DIGITS[byte] ?? 0
      const high = DIGIT_VALUES[value.charCodeAt(digit)] ?? 0
      const low = DIGIT_VALUES[value.charCodeAt(digit + 1)] ?? 0
      buffer[at + i * UUID_BYTES + byte] = (high << 4) | low
    }
  }
}

function refuse(wanted: string, value: unknown): never {
  throw new TypeError(`a column wants ${wanted} and got a ${typeof value}`)
}
