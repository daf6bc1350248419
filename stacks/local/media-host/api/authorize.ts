import { createHash, timingSafeEqual } from 'node:crypto'
import type { Host } from '../host.ts'
import { isRecord } from '../json.ts'

/** Where a call of the API comes from, and whether its connection has logged in before. */
export interface Caller {
  address: string
  forwarded: boolean
  loggedIn: boolean
}

type Authorization = { status: 'OK'; local?: true } | { status: 'NOACC' } | { status: 'CHALL'; challenge: string }

/** Loopback callers without a proxy in between need no password; others answer a challenge that changes daily. */
export function authorize({ settings, clock }: Host, caller: Caller, login: unknown): Authorization {
  if (isLoopback(caller.address) && !caller.forwarded) return { local: true, status: 'OK' }
  if (caller.loggedIn) return { status: 'OK' }
  if (Object.keys(settings.accounts).length === 0) return { status: 'NOACC' }
  const now = clock()
  const challenge = md5(`${now.getDate()}-${now.getMonth()}-${now.getFullYear()}${caller.address}`)
  const { username, password } = isRecord(login) ? login : {}
  const known = typeof username === 'string' ? settings.accounts[username] : undefined
  if (known !== undefined && typeof password === 'string' && equal(md5(known + challenge), password)) {
    return { status: 'OK' }
  }
  return { challenge, status: 'CHALL' }
}

/** The protocol of the API is md5, as MistServer has it; nothing else here uses it. */
export function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

export function isLoopback(address: string): boolean {
  return /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(address)
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
