import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Fault } from '../../shared/fault.ts'

export const MIST_TIMEOUT_MS = 5_000

/** An account of MistServer's API; not needed from the same machine. */
export interface MistAccount {
  username: string
  password: string
}

interface MistApiOptions {
  /** MistServer's controller, `http://127.0.0.1:4242`. */
  url: URL
  account?: MistAccount
  timeoutMs?: number
}

const Authorization = z.looseObject({ status: z.string().optional(), challenge: z.string().optional() })
const Reply = z.looseObject({ authorize: Authorization.optional() })
export type Reply = z.infer<typeof Reply>

/** Calls MistServer's API. Every failure is a `Fault` of kind `unavailable`. */
export class MistApi {
  readonly #url: URL
  readonly #account: MistAccount | undefined
  readonly #timeoutMs: number
  /** Good for a day and this machine; asked for anew when MistServer refuses it. */
  #challenge: string | undefined

  constructor({ url, account, timeoutMs = MIST_TIMEOUT_MS }: MistApiOptions) {
    this.#url = url
    this.#account = account
    this.#timeoutMs = timeoutMs
  }

  /** Sends a command; the reply holds a section for each that was asked for. Logs in when MistServer wants that. */
  async call(command: Record<string, unknown>): Promise<Reply> {
    const reply = await this.#send(command)
    if (isAuthorized(reply)) return reply
    this.#challenge = reply.authorize?.challenge
    if (this.#account === undefined || this.#challenge === undefined) throw unavailable('mist_login_needed')
    const again = await this.#send(command)
    if (isAuthorized(again)) return again
    throw unavailable('mist_login_refused')
  }

  /** The statistics of the whole machine, which MistServer shows under a passphrase of its configuration. */
  async statistics(passphrase: string): Promise<unknown> {
    return this.#fetch(new URL(`/${encodeURIComponent(passphrase)}.json`, this.#url), {})
  }

  async #send(command: Record<string, unknown>): Promise<Reply> {
    const login = this.#login()
    const body = JSON.stringify(login === undefined ? command : { authorize: login, ...command })
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
    const reply = Reply.safeParse(await this.#fetch(new URL('/api2', this.#url), init))
    if (!reply.success) throw unavailable('mist_nonsense', reply.error)
    return reply.data
  }

  #login() {
    if (this.#account === undefined || this.#challenge === undefined) return undefined
    const { username, password } = this.#account
    return { username, password: md5(md5(password) + this.#challenge) }
  }

  async #fetch(url: URL, init: RequestInit): Promise<unknown> {
    try {
      const signal = AbortSignal.timeout(this.#timeoutMs)
      const response = await fetch(url, { ...init, redirect: 'error', signal })
      if (!response.ok) throw new Error(`status ${response.status}`)
      return await response.json()
    } catch (cause) {
      throw unavailable('mist_unreachable', cause)
    }
  }
}

function isAuthorized({ authorize }: Reply): boolean {
  return authorize?.status === undefined || authorize.status === 'OK'
}

function unavailable(reason: string, cause?: unknown): Fault {
  return new Fault('unavailable', reason, 'MistServer does not answer as it should.', { cause })
}

/** What MistServer's login is made of; it protects nothing here that a stronger hash could. */
function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
