import { createLocalJWKSet, jwtVerify } from 'jose'
import { systemClock } from '../clock.ts'
import { compare } from '../testing/compare.ts'
import { createKey, toPublicKey } from './key.ts'
import { createSigner, signUserToken } from './signer.ts'
import { createVerifier, VERDICT_CACHE_MS } from './verifier.ts'

const TOKENS = 2_000
const CACHED_CHECKS = 50_000

const key = await createKey('commodore')
const keys = { keys: [toPublicKey(key)] }
const signer = createSigner(key, systemClock)
const claims = { sub: 'usr_1', tenant_id: 'ten_1', role: 'member', operator: false } as const
const tokens = await Promise.all(Array.from({ length: TOKENS }, () => signUserToken(signer, claims)))
const first = tokens[0] ?? ''

const warm = createVerifier({ keys, service: 'bench', clock: systemClock })
/** Its clock runs ahead between rounds, so that no verdict is still known. */
let now = Date.now()
const forgetful = createVerifier({ keys, service: 'bench', clock: () => new Date(now) })
const local = createLocalJWKSet(keys)

await compare({
  name: 'token check, first sight',
  unit: 'tokens',
  ours: async () => {
    now += VERDICT_CACHE_MS
    for (const token of tokens) await forgetful(token)
    return tokens.length
  },
  bare: async () => {
    for (const token of tokens) await jwtVerify(token, local)
    return tokens.length
  },
})

await compare({
  name: 'token check, seen before',
  unit: 'tokens',
  ours: async () => {
    for (let i = 0; i < CACHED_CHECKS; i++) await warm(first)
    return CACHED_CHECKS
  },
  bare: async () => {
    for (const token of tokens) await jwtVerify(token, local)
    return tokens.length
  },
})
