import { migrateAnalytics, migratePostgres } from '../migrate/migrate.ts'
import { type Schema as CloudSchema, schemas as cloudSchemas, eventLogMigrations } from '../migrate/schemas.ts'
import type { Engines } from './engines.ts'
import type { Secrets } from './secrets.ts'

const ANALYTICS_DATABASE = 'periscope'

/** What the cloud has, and the event log that Kafka keeps there. */
const schemas = { event_log: eventLogMigrations, ...cloudSchemas }
export type Schema = CloudSchema | 'event_log'

export interface Databases {
  /** Connection string of a schema's own role. */
  urlOf(schema: Schema): string
  wsProxy: string | undefined
  analytics: { url: string; user: string; password: string; database: string }
}

/** Brings all schemas up to date and says how each service reaches its own. */
export async function migrateAll({ postgres, clickhouse }: Engines, secrets: Secrets): Promise<Databases> {
  const { ownerUrl, wsProxy } = postgres
  const password = secrets.role_password
  const plans = Object.entries(schemas).map(([schema, folder]) => [schema, { folder, password }] as const)
  await migratePostgres({ ownerUrl, wsProxy, schemas: Object.fromEntries(plans) })
  const analytics = { ...clickhouse, database: ANALYTICS_DATABASE }
  await migrateAnalytics(analytics)
  return { urlOf: (schema) => asRole(postgres.ownerUrl, schema, secrets.role_password), ...postgres, analytics }
}

function asRole(ownerUrl: string, role: string, password: string): string {
  const url = new URL(ownerUrl)
  url.username = role
  url.password = password
  return url.href
}
