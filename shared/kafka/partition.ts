const SEED = 0x9747b28c
const MIX = 0x5bd1e995

/** Kafka's murmur2 of the bytes, as a signed 32-bit integer. */
export function murmur2(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = bytes.length & ~3
  let hash = SEED ^ bytes.length
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(view.getInt32(at, true), MIX)
    word = Math.imul(word ^ (word >>> 24), MIX)
    hash = Math.imul(hash, MIX) ^ word
  }
  const rest = bytes.length - whole
  if (rest > 0) {
    let word = 0
    for (let i = rest - 1; i >= 0; i--) word = (word << 8) | view.getUint8(whole + i)
    hash = Math.imul(hash ^ word, MIX)
  }
  hash = Math.imul(hash ^ (hash >>> 13), MIX)
  return hash ^ (hash >>> 15)
}

/** The partition (0 to `count` - 1) of a key, as Kafka's Java clients place it, so every producer agrees. */
export function partitionOf(key: string, count: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % count
}
