import { z } from 'zod'
import {
  databaseVariables,
  frontVariables,
  identityKey,
  readVariables,
  ServiceUrl,
  settings,
  type Variables,
} from '../../shared/config.ts'
import { registryVariables } from '../../shared/registry/variables.ts'

const Schema = z.object({
  COMMODORE_URL: ServiceUrl,
  IDENTITY_KEY: identityKey('quartermaster'),
  ...frontVariables,
  ...registryVariables,
  ...databaseVariables,
})

/** Quartermaster's settings from the environment; throws a `ConfigError` that lists every problem. */
export function readConfig(env: Variables) {
  const { IDENTITY_KEY, DATABASE_URL, ...config } = readVariables(Schema, env)
  return settings(config, { IDENTITY_KEY, DATABASE_URL })
}

export type QuartermasterSettings = ReturnType<typeof readConfig>
