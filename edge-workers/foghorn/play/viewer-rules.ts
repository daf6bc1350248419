import type { z } from 'zod'
import type { Denial } from '../../../shared/contract/commodore.ts'
import type { revocationKinds, ViewerRules } from '../../../shared/contract/playback.ts'
import {
  denialOfRevoked,
  type Judgement,
  judgeViewer,
  type Played,
  type Presented,
} from '../../../shared/playback/judge-viewer.ts'
import type { TenantKey, ViewerClaims } from '../../../shared/playback/viewer-token.ts'

import type { TokenReader } from './token-reader.ts'

type Kind = (typeof revocationKinds)[number]

/** What Commodore told of a signed stream, ready to judge by. */
export interface Rules {
  keys: ReadonlyMap<string, TenantKey & { revoked: boolean }>
  /** Null when there is too much to tell: whom these rules let in, Commodore must still be asked about. */
  revoked: Readonly<Record<Kind, ReadonlySet<string>>> | null
  /** About how much memory they take. */
  chars: number
}

export function toRules({ keys, revocations }: z.infer<typeof ViewerRules>): Rules {
  const subjects = (kind: Kind) =>
    new Set(revocations?.flatMap((revocation) => (revocation.kind === kind ? [revocation.subject] : [])))
  return {
    keys: new Map(keys.map((key) => [key.id, key])),
    revoked: revocations && { key: subjects('key'), viewer: subjects('viewer'), token: subjects('token') },
    chars: JSON.stringify([keys, revocations]).length,
  }
}

interface Grounds {
  stream: Played
  rules: Rules
  now: Date
  reader: TokenReader
}

/** Whether a viewer may play a signed stream, by what Commodore told. */
export async function judge(presented: Partial<Presented>, { rules, reader, ...grounds }: Grounds): Promise<Judgement> {
  const named = reader.readKeyId(presented.token)
  if ('denial' in named) return named
  const key = rules.keys.get(named.key_id)
  const revocationOf = (claims: ViewerClaims) => revocation(rules, key, claims)
  return judgeViewer({ ...presented, token: named.token }, { ...grounds, key, read: reader.readClaims, revocationOf })
}

function revocation(
  { revoked }: Rules,
  key: (TenantKey & { revoked: boolean }) | undefined,
  claims: ViewerClaims,
): Denial | undefined {
  if (key?.revoked || (key && revoked?.key.has(key.id))) return denialOfRevoked.key
  if (revoked?.token.has(claims.jti)) return denialOfRevoked.token
  return revoked?.viewer.has(claims.sub) ? denialOfRevoked.viewer : undefined
}

/** Denials that the next word of Commodore may take back: a key that was just made, a revocation that just ended. */
const hangingOnRules: ReadonlySet<Denial> = new Set(['token_key_unknown', ...Object.values(denialOfRevoked)])

export function hangsOnRules(judgement: Judgement): boolean {
  return 'denial' in judgement && hangingOnRules.has(judgement.denial)
}
