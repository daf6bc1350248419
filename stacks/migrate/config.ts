import { z } from 'zod'
import { databaseVariables, readVariables, settings, type Variables } from '../../shared/config.ts'

const { DATABASE_URL: Url, DATABASE_WS_PROXY } = databaseVariables

const Schema = z.object({
  DATABASE_OWNER_URL: Url,
  DATABASE_WS_PROXY,
  COMMODORE_DATABASE_URL: Url,
  QUARTERMASTER_DATABASE_URL: Url,
  PERISCOPE_DATABASE_URL: Url,
  CLICKHOUSE_URL: z.url({ protocol: /^https?$/, error: 'is not an http(s) URL' }),
  CLICKHOUSE_USER: z.string().default('periscope'),
  CLICKHOUSE_PASSWORD: z.string(),
  CLICKHOUSE_DATABASE: z.string().default('periscope'),
})

/** Where the stores are, from the environment; throws a `ConfigError` that lists every problem. */
export function readConfig(env: Variables) {
  const { DATABASE_WS_PROXY: wsProxy, CLICKHOUSE_USER, CLICKHOUSE_DATABASE, ...secrets } = readVariables(Schema, env)
  return settings({ wsProxy, CLICKHOUSE_USER, CLICKHOUSE_DATABASE }, secrets)
}
