import { base64url } from 'jose'
import { z } from 'zod'
import { ENCRYPTION_KEY_BYTES, type EncryptionKey } from './encryption.ts'

/** 32 bytes in base64url without padding. */
const KEY = /^([a-z0-9]{1,16}):([A-Za-z0-9_-]{43})$/

/** `ENCRYPTION_KEYS`: `<id>:<32 bytes in base64url>`, comma-separated; the first encrypts, all decrypt. */
const EncryptionKeys = z.string().transform((text, ctx): [EncryptionKey, ...EncryptionKey[]] => {
  const [first, ...others] = text.split(',').map(toKey)
  const known = others.filter((key) => key !== undefined)
  if (first && known.length === others.length) return [first, ...known]
  ctx.addIssue({ code: 'custom', message: 'is not a list of id:key' })
  return z.NEVER
})

export const encryptionVariables = z.object({ ENCRYPTION_KEYS: EncryptionKeys })

/** A new value of `ENCRYPTION_KEYS` with one key. */
export function newEncryptionKeys(id: string): string {
  return `${id}:${base64url.encode(crypto.getRandomValues(new Uint8Array(ENCRYPTION_KEY_BYTES)))}`
}

function toKey(text: string): EncryptionKey | undefined {
  const [, id, key] = KEY.exec(text) ?? []
  return id && key ? { id, bytes: new Uint8Array(base64url.decode(key)) } : undefined
}
