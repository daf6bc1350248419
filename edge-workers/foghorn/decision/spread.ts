/** A 32-bit hash (FNV-1a) of a text. */
export function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value >>> 0
}

/** Two hashes into one, each bit of which depends on all of theirs (the finaliser of MurmurHash3). */
export function mix(a: number, b: number): number {
  let value = a ^ Math.imul(b, 0x9e3779b1)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}
