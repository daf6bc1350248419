import { z } from 'zod'
import {
  frontVariables,
  identityKey,
  readVariables,
  ServiceUrl,
  settings,
  type Variables,
} from '../../shared/config.ts'
import { withBoundSecrets } from '../../shared/linked/bindings.ts'
import { registryVariables } from '../../shared/registry/variables.ts'

const Schema = z.object({
  COMMODORE_URL: ServiceUrl,
  QUARTERMASTER_URL: ServiceUrl,
  IDENTITY_KEY: identityKey('signalman'),
  TRUSTED_PROXIES: z
    .union([z.literal('cloudflare'), frontVariables.TRUSTED_PROXIES])
    .describe('Who tells of callers: `cloudflare`, or so many proxies of ours'),
  ...registryVariables,
})

const SECRETS = { IDENTITY_KEY: 'SignalmanIdentityKey' }

/** Signalman's settings from its bindings; throws a `ConfigError` that lists every problem. */
export function readConfig(bindings: Variables) {
  const { IDENTITY_KEY, ...config } = readVariables(Schema, withBoundSecrets(bindings, SECRETS))
  return settings(config, { IDENTITY_KEY })
}

export type SignalmanSettings = ReturnType<typeof readConfig>
