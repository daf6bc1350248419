import { z } from 'zod'
import { databaseVariables, readVariables, settings, type Variables } from '../../../shared/config.ts'

const Schema = z.object(databaseVariables)

/** The listener's settings from the environment; throws a `ConfigError` that lists every problem. */
export function readConfig(env: Variables) {
  const { DATABASE_URL, ...config } = readVariables(Schema, env)
  return settings(config, { DATABASE_URL })
}

export type ListenerSettings = ReturnType<typeof readConfig>
