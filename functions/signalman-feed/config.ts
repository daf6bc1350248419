import { z } from 'zod'
import { identityKey, readVariables, ServiceUrl, settings, type Variables } from '../../shared/config.ts'

const Schema = z.object({
  SIGNALMAN_URL: ServiceUrl,
  IDENTITY_KEY: identityKey('signalman-feed'),
  /** Which log this is, where each region has its own; it stays that for good. */
  LOG_NUMBER: z.coerce.number().int().min(0).default(0),
})

/** The feed's settings from the environment; throws a `ConfigError` that lists every problem. */
export function readConfig(env: Variables) {
  const { IDENTITY_KEY, ...config } = readVariables(Schema, env)
  return settings(config, { IDENTITY_KEY })
}

export type FeedSettings = ReturnType<typeof readConfig>
