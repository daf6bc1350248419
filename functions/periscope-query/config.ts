import { z } from 'zod'
import {
  databaseVariables,
  identityKey,
  readVariables,
  ServiceUrl,
  settings,
  type Variables,
} from '../../shared/config.ts'
import { registryVariables } from '../../shared/registry/variables.ts'

const Schema = z.object({
  COMMODORE_URL: ServiceUrl,
  QUARTERMASTER_URL: ServiceUrl,
  IDENTITY_KEY: identityKey('periscope-query'),
  CLICKHOUSE_URL: z.url({ protocol: /^https?$/, error: 'is not an http(s) URL' }),
  CLICKHOUSE_USER: z.string(),
  CLICKHOUSE_PASSWORD: z.string(),
  CLICKHOUSE_DATABASE: z.string(),
  ...registryVariables,
  ...databaseVariables,
})

/** Periscope Query's settings from the environment; throws a `ConfigError` that lists every problem. */
export function readConfig(env: Variables) {
  const { IDENTITY_KEY, DATABASE_URL, CLICKHOUSE_PASSWORD, ...config } = readVariables(Schema, env)
  return settings(config, { IDENTITY_KEY, DATABASE_URL, CLICKHOUSE_PASSWORD })
}

export type PeriscopeQuerySettings = ReturnType<typeof readConfig>
