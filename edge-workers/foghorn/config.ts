import { z } from 'zod'
import { identityKey, readVariables, ServiceUrl, settings, type Variables } from '../../shared/config.ts'
import { registryVariables } from '../../shared/registry/variables.ts'

const Schema = z.object({
  COMMODORE_URL: ServiceUrl,
  QUARTERMASTER_URL: ServiceUrl,
  DECKLOG_URL: ServiceUrl,
  IDENTITY_KEY: identityKey('foghorn'),
  ...registryVariables,
  COLD_HOSTS: z
    .enum(['refuse', 'allow'])
    .default('refuse')
    .describe('Whether a host may be chosen that must first pull the stream from another'),
})

/** Foghorn's settings from its bindings; throws a `ConfigError` that lists every problem. */
export function readConfig(bindings: Variables) {
  const { IDENTITY_KEY, ...config } = readVariables(Schema, bindings)
  return settings(config, { IDENTITY_KEY })
}

export type FoghornSettings = ReturnType<typeof readConfig>
