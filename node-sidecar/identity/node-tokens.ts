import { importJWK, SignJWT } from 'jose'
import { type Client, call } from '../../shared/client/client.ts'
import type { Clock } from '../../shared/clock.ts'
import { ASSERTION_AUDIENCE, issueNodeToken } from '../../shared/contract/quartermaster.ts'
import { ALGORITHM } from '../../shared/identity/key.ts'
import type { Uptime } from '../moment.ts'
import type { NodeFile } from './node-file.ts'

const ASSERTION_SECONDS = 45
/** A token is renewed after this share of its life, and used to its end while that does not succeed. */
export const RENEW_AT_SHARE = 2 / 3
/** Kept free of the end of a token, for the way of the call that carries it. */
export const TOKEN_MARGIN_MS = 10_000

interface Current {
  token: string
  /** Ms of uptime, as all durations are. */
  renewAt: number
  expiresAt: number
}

interface NodeTokensOptions {
  quartermaster: Client
  node_id: string
  key: NodeFile['key']
  clock: Clock
  uptime: Uptime
}

/** A source of this node's own short tokens: each is asked for with an assertion that the node's key signs. */
export function createNodeTokens(options: NodeTokensOptions): () => Promise<string> {
  const { quartermaster, node_id, key, clock, uptime } = options
  let current: Current | undefined
  let renewing: Promise<Current> | undefined

  async function renew(): Promise<Current> {
    const asked = uptime()
    const assertion = await sign(node_id, key, clock())
    const { token, expires_in } = await call(quartermaster, issueNodeToken, { node_id, assertion })
    const lifeMs = expires_in * 1000
    current = { token, renewAt: asked + lifeMs * RENEW_AT_SHARE, expiresAt: asked + lifeMs - TOKEN_MARGIN_MS }
    return current
  }

  return async () => {
    const now = uptime()
    if (current !== undefined && now < current.renewAt) return current.token
    renewing ??= renew().finally(() => {
      renewing = undefined
    })
    if (current === undefined || now >= current.expiresAt) return (await renewing).token
    renewing.catch(() => undefined)
    return current.token
  }
}

async function sign(node_id: string, key: NodeFile['key'], now: Date): Promise<string> {
  const issuedAt = Math.floor(now.getTime() / 1000)
  return new SignJWT()
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
    .setIssuer(node_id)
    .setAudience(ASSERTION_AUDIENCE)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ASSERTION_SECONDS)
    .setJti(crypto.randomUUID())
    .sign(await importJWK(key, ALGORITHM))
}
