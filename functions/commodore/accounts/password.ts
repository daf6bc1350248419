import { hash, verify } from '@node-rs/argon2'
import { randomCode } from '../../../shared/random.ts'

/** OWASP's recommended floor for argon2id: 19 MiB, two passes, one lane. */
export const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** A hash to keep; the same password typed on another system is the same text only after normalisation. */
export function hashPassword(password: string): Promise<string> {
  return hash(password.normalize('NFKC'), ARGON2)
}

let nobodys: Promise<string> | undefined

/** Whether the password is the one of `kept`; without one it takes the same time to say no. */
export async function checkPassword(password: string, kept: string | undefined): Promise<boolean> {
  nobodys ??= hashPassword(randomCode(32))
  const right = await verify(kept ?? (await nobodys), password.normalize('NFKC'))
  return right && kept !== undefined
}
