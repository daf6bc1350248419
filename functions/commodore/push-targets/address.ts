import type { Binding, Encryption } from '../../../shared/encryption/encryption.ts'

/** Each target's address is encrypted for itself, so that it opens for no other. */
export const bindingOf = (id: string): Binding => ({ purpose: 'push-target', of: id })

interface Sealed {
  id: string
  encrypted_url: string
}

export function sealAddress(encryption: Encryption, id: string, url: string): Promise<string> {
  return encryption.encrypt(url, bindingOf(id))
}

export function openAddress(encryption: Encryption, { id, encrypted_url }: Sealed): Promise<string> {
  return encryption.decrypt(encrypted_url, bindingOf(id))
}

/** The addresses of targets in the clear: for the stream's media host alone. */
export function openAddresses(encryption: Encryption, rows: readonly Sealed[]): Promise<{ id: string; url: string }[]> {
  return Promise.all(rows.map(async (row) => ({ id: row.id, url: await openAddress(encryption, row) })))
}
