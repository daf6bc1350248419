import type { ClickHouse } from '../../shared/clickhouse/client.ts'
import type { Context } from '../../shared/context.ts'
import type { Env } from '../../shared/http/app.ts'
import type { Database } from '../../shared/postgres/database.ts'
import type { QuestionLimits } from './rows/limits.ts'
import type { KnownStreams } from './streams/known.ts'
import type { Tables } from './tables.ts'

/** What Periscope Query's functions need besides their input. */
export interface Deps {
  clickhouse: ClickHouse
  db: Database<Tables>
  streams: KnownStreams
  /** What one question may cost; the usual when absent. */
  limits?: QuestionLimits
}

export type Ctx = Context & Deps
export type AppEnv = Env<Deps>
