import { base64url } from 'jose'

/** AES-256. */
export const ENCRYPTION_KEY_BYTES = 32
const NONCE_BYTES = 12

/** What a text is and whose: it can be read back under the same two alone. */
export interface Binding {
  /** What kind of secret it is, `webhook-secret` say: each kind has a key of its own. */
  purpose: string
  /** The object that it belongs to, so that it cannot be moved to another's row. */
  of: string
}

/** Secrets at rest that must be read again; those that are only compared are kept as hashes. */
export interface Encryption {
  /** `enc.<key id>.<nonce and ciphertext>` */
  encrypt(text: string, binding: Binding): Promise<string>
  /** Throws when the text was changed, is bound otherwise, or its key is not known any more. */
  decrypt(stored: string, binding: Binding): Promise<string>
}

export interface EncryptionKey {
  id: string
  bytes: Uint8Array<ArrayBuffer>
}

/** How each text begins that a key encrypted. */
export const prefixOf = (keyId: string) => `enc.${keyId}.`

/** AES-256-GCM under keys derived by purpose (HKDF). The first key encrypts, all of them decrypt: so keys are changed. */
export function createEncryption(keys: readonly [EncryptionKey, ...EncryptionKey[]]): Encryption {
  return {
    encrypt: async (text, { purpose, of }) => {
      const [key] = keys
      const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
      const algorithm = { name: 'AES-GCM', iv, additionalData: bytesOf(of) }
      const sealed = await crypto.subtle.encrypt(algorithm, await derive(key, purpose), bytesOf(text))
      return `${prefixOf(key.id)}${base64url.encode(new Uint8Array([...iv, ...new Uint8Array(sealed)]))}`
    },
    decrypt: async (stored, { purpose, of }) => {
      const [, id, content = ''] = /^enc\.([^.]+)\.(.+)$/.exec(stored) ?? []
      const key = keys.find((candidate) => candidate.id === id)
      if (!key) throw new Error(`the encryption key ${id} is not known`)
      const bytes = new Uint8Array(base64url.decode(content))
      const algorithm = { name: 'AES-GCM', iv: bytes.subarray(0, NONCE_BYTES), additionalData: bytesOf(of) }
      const plain = await crypto.subtle.decrypt(algorithm, await derive(key, purpose), bytes.subarray(NONCE_BYTES))
      return new TextDecoder().decode(plain)
    },
  }
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

async function derive({ bytes }: EncryptionKey, purpose: string) {
  const material = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveKey'])
  const info = bytesOf(`frameworks:${purpose}`)
  const derivation = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
  const algorithm = { name: 'AES-GCM', length: ENCRYPTION_KEY_BYTES * 8 }
  return crypto.subtle.deriveKey(derivation, material, algorithm, false, ['encrypt', 'decrypt'])
}
