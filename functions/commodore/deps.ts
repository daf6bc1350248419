import type { Client } from '../../shared/client/client.ts'
import type { Context } from '../../shared/context.ts'
import type { KeySet } from '../../shared/contract/identity.ts'
import type { Encryption } from '../../shared/encryption/encryption.ts'
import type { Env } from '../../shared/http/app.ts'
import type { Signer } from '../../shared/identity/signer.ts'
import type { Database } from '../../shared/postgres/database.ts'
import type { Routing } from './authorize/routing.ts'
import type { Standings } from './sessions/standing.ts'
import type { Tables } from './tables.ts'
import type { PostOptions } from './webhooks/post.ts'

/** What Commodore's functions need besides their input. */
export interface Deps {
  db: Database<Tables>
  signer: Signer
  /** The public keys of all issuers, as `/.well-known/jwks.json` shows them. */
  keySet(): Promise<KeySet>
  /** For secrets that must be read again. */
  encryption: Encryption
  /** How webhooks are posted. */
  webhooks: PostOptions
  quartermaster: Client
  foghorn: Client
  routing: Routing
  standings: Standings
}

export type Ctx = Context & Deps
export type AppEnv = Env<Deps>
