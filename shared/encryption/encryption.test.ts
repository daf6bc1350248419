import { expect, test } from 'vitest'
import { ConfigError, readVariables } from '../config.ts'
import { createEncryption, type EncryptionKey } from './encryption.ts'
import { encryptionVariables, newEncryptionKeys } from './keys.ts'

const newKey = (id: string): EncryptionKey => ({ id, bytes: crypto.getRandomValues(new Uint8Array(32)) })
const [k1, k2] = [newKey('k1'), newKey('k2')]
const binding = { purpose: 'webhook-secret', of: 'whe_1' }

test('a text comes back under its own purpose and object alone, and looks different each time', async () => {
  const encryption = createEncryption([k1])
  const stored = await encryption.encrypt('secret é', binding)
  expect(stored).toMatch(/^enc\.k1\.[\w-]+$/)
  expect(await encryption.encrypt('secret é', binding)).not.toBe(stored)
  expect(await encryption.decrypt(stored, binding)).toBe('secret é')
  await expect(encryption.decrypt(stored, { ...binding, purpose: 'push-target' })).rejects.toThrow()
  await expect(encryption.decrypt(stored, { ...binding, of: 'whe_2' })).rejects.toThrow()
})

test('a text that was changed does not come back', async () => {
  const encryption = createEncryption([k1])
  const stored = await encryption.encrypt('secret', binding)
  const at = stored.length - 8
  const changed = `${stored.slice(0, at)}${stored[at] === 'A' ? 'B' : 'A'}${stored.slice(at + 1)}`
  await expect(encryption.decrypt(changed, binding)).rejects.toThrow()
  await expect(encryption.decrypt('secret', binding)).rejects.toThrow(/not known/)
})

test('a new key encrypts while the old one still decrypts, until it is withdrawn', async () => {
  const stored = await createEncryption([k1]).encrypt('secret', binding)
  const both = createEncryption([k2, k1])
  expect(await both.decrypt(stored, binding)).toBe('secret')
  expect(await both.encrypt('secret', binding)).toMatch(/^enc\.k2\./)
  await expect(createEncryption([k2]).decrypt(stored, binding)).rejects.toThrow('the encryption key k1 is not known')
})

test('keys are read from one variable, and a bad one is named without its value', () => {
  const read = (ENCRYPTION_KEYS: string) => readVariables(encryptionVariables, { ENCRYPTION_KEYS }).ENCRYPTION_KEYS
  const keys = read(`${newEncryptionKeys('k2')},${newEncryptionKeys('k1')}`)
  expect(keys.map(({ id, bytes }) => [id, bytes.length])).toEqual([
    ['k2', 32],
    ['k1', 32],
  ])
  for (const text of ['k1', 'k1:short', `${newEncryptionKeys('k1')},`, `k.1:${newEncryptionKeys('k1').slice(3)}`]) {
    expect(() => read(text), text).toThrow(ConfigError)
  }
})
