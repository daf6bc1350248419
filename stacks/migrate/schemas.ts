const root = new URL('../../', import.meta.url)

/** Each Postgres schema of the cloud, which is also the role that works in it, and where its migrations lie. */
export const schemas = {
  commodore: new URL('functions/commodore/migrations/', root),
  quartermaster: new URL('functions/quartermaster/migrations/', root),
  periscope: new URL('functions/periscope-ingest/migrations/postgres/', root),
} as const
export type Schema = keyof typeof schemas

/** The event log of one machine, where there is no Kafka. */
export const eventLogMigrations = new URL('shared/kafka/postgres/migrations/', root)
export const analyticsMigrations = new URL('functions/periscope-ingest/migrations/clickhouse/', root)
