import { crc32 } from 'node:zlib'

/** Before each record: its length and its CRC-32, both 32 bits, little-endian. */
export const FRAME_HEADER_BYTES = 8
export const RECORD_BYTES_MAX = 512 * 1024

/** A record as it lies in the journal. */
export function encodeFrame(record: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + record.byteLength)
  frame.writeUInt32LE(record.byteLength, 0)
  frame.writeUInt32LE(crc32(record), 4)
  frame.set(record, FRAME_HEADER_BYTES)
  return frame
}

/** The record at `offset`, or null when none is whole there. A length of 0 is none: zeros are what a lost write leaves. */
export function decodeFrame(bytes: Buffer, offset: number): Buffer | null {
  const from = offset + FRAME_HEADER_BYTES
  if (from > bytes.byteLength) return null
  const length = bytes.readUInt32LE(offset)
  if (length === 0 || length > RECORD_BYTES_MAX || from + length > bytes.byteLength) return null
  const record = bytes.subarray(from, from + length)
  return crc32(record) === bytes.readUInt32LE(offset + 4) ? record : null
}

/** How many bytes from the start are whole records. */
export function wholeBytes(bytes: Buffer): number {
  let end = 0
  for (let record = decodeFrame(bytes, end); record !== null; record = decodeFrame(bytes, end)) {
    end += FRAME_HEADER_BYTES + record.byteLength
  }
  return end
}
