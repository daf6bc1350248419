import { createLocalJWKSet, jwtVerify } from 'jose'
import { systemClock } from '../../../shared/clock.ts'
import { newId } from '../../../shared/ids.ts'
import { compare } from '../../../shared/testing/compare.ts'
import { createTenantKey, signViewerToken } from '../../../shared/testing/viewer-tokens.ts'
import { createTokenReader, type TokenReader } from './token-reader.ts'
import { judge, toRules } from './viewer-rules.ts'

const TOKENS = 300
const REPEATED_CHECKS = 20_000

const { id, x, y, ...others } = await createTenantKey()
const stream = { id: newId('stream'), playback_id: 'regatta' }
const rules = toRules({
  keys: [{ id, x, y, revoked: false }],
  revocations: Array.from({ length: 1_000 }, (_, n) => ({ kind: 'viewer' as const, subject: `banned-${n}` })),
})
const exp = Math.floor(Date.now() / 1000) + 3600
const tokens = await Promise.all(
  Array.from({ length: TOKENS }, () =>
    signViewerToken({ id, x, y, ...others }, { playback_id: stream.playback_id, protocols: ['hls'], exp }),
  ),
)
const [first = ''] = tokens
const local = createLocalJWKSet({ keys: [{ kty: 'EC', crv: 'P-256', x, y, kid: id, alg: 'ES256' }] })

async function check(token: string, reader: TokenReader): Promise<void> {
  const judgement = await judge({ token, protocol: 'hls' }, { stream, rules, now: systemClock(), reader })
  if ('denial' in judgement) throw new Error(judgement.denial)
}

const bare = async () => {
  for (const token of tokens) await jwtVerify(token, local, { algorithms: ['ES256'] })
  return tokens.length
}

await compare({
  name: 'viewer’s token at the edge, first sight',
  unit: 'tokens',
  ours: async () => {
    const reader = createTokenReader()
    for (const token of tokens) await check(token, reader)
    return tokens.length
  },
  bare,
})

const warm = createTokenReader()
await compare({
  name: 'viewer’s token at the edge, seen before',
  unit: 'tokens',
  ours: async () => {
    for (let i = 0; i < REPEATED_CHECKS; i++) await check(first, warm)
    return REPEATED_CHECKS
  },
  bare,
})
