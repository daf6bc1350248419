import { z } from 'zod'
import {
  frontVariables,
  identityKey,
  json,
  readVariables,
  ServiceUrl,
  settings,
  type Variables,
} from '../../shared/config.ts'
import { Weights } from '../../shared/contract/foghorn.ts'
import { withBoundSecrets } from '../../shared/linked/bindings.ts'
import { registryVariables } from '../../shared/registry/variables.ts'
import { DEFAULT_WEIGHTS } from './decision/weights.ts'

const Schema = z.object({
  COMMODORE_URL: ServiceUrl,
  QUARTERMASTER_URL: ServiceUrl,
  DECKLOG_URL: ServiceUrl,
  IDENTITY_KEY: identityKey('foghorn'),
  TRUSTED_PROXIES: z
    .union([z.literal('cloudflare'), frontVariables.TRUSTED_PROXIES])
    .describe('Who tells of viewers: `cloudflare`, or so many proxies of ours'),
  ...registryVariables,
  COLD_HOSTS: z
    .enum(['refuse', 'public', 'allow'])
    .default('public')
    .describe('Which streams may be played from a host that must first pull them: none, public ones, all'),
  WEIGHTS: json(Weights.partial())
    .default({})
    .transform((weights) => ({ ...DEFAULT_WEIGHTS, ...weights })),
})

const SECRETS = { IDENTITY_KEY: 'FoghornIdentityKey' }

/** Foghorn's settings from its bindings; throws a `ConfigError` that lists every problem. */
export function readConfig(bindings: Variables) {
  const { IDENTITY_KEY, ...config } = readVariables(Schema, withBoundSecrets(bindings, SECRETS))
  return settings(config, { IDENTITY_KEY })
}

export type FoghornSettings = ReturnType<typeof readConfig>
