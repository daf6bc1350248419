import type { Context } from '../../shared/context.ts'
import type { Env } from '../../shared/http/app.ts'
import type { Signer } from '../../shared/identity/signer.ts'
import type { Database } from '../../shared/postgres/database.ts'
import type { Tables } from './tables.ts'

/** What Quartermaster's functions need besides their input. */
export interface Deps {
  db: Database<Tables>
  signer: Signer
}

export type Ctx = Context & Deps
export type AppEnv = Env<Deps>
