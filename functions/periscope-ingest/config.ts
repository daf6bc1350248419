import { z } from 'zod'
import { databaseVariables, readVariables, settings, type Variables } from '../../shared/config.ts'
import { eventLogProblem, eventLogVariables, namesOneEventLog } from '../../shared/kafka/open-event-log.ts'

const Schema = z
  .object({
    CLICKHOUSE_URL: z.url({ protocol: /^https?$/, error: 'is not an http(s) URL' }),
    CLICKHOUSE_USER: z.string(),
    CLICKHOUSE_PASSWORD: z.string(),
    CLICKHOUSE_DATABASE: z.string(),
    ...databaseVariables,
    ...eventLogVariables,
  })
  .refine(namesOneEventLog, eventLogProblem)

/** Periscope Ingest's settings from the environment; throws a `ConfigError` that lists every problem. */
export function readConfig(env: Variables) {
  const { DATABASE_URL, EVENT_LOG_URL, CLICKHOUSE_PASSWORD, ...config } = readVariables(Schema, env)
  return settings(config, { DATABASE_URL, EVENT_LOG_URL, CLICKHOUSE_PASSWORD })
}

export type PeriscopeIngestSettings = ReturnType<typeof readConfig>
