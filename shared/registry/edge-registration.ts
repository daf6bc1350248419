import { systemClock } from '../clock.ts'
import type { PrivateKey } from '../contract/identity.ts'
import { createServiceTokens, createSigner } from '../identity/signer.ts'
import { createLog } from '../log.ts'
import { createRegistration, type Registration } from './registration.ts'
import type { RegistryVariables } from './variables.ts'

interface EdgeSettings {
  config: RegistryVariables & { QUARTERMASTER_URL: URL }
  secrets: { IDENTITY_KEY: PrivateKey }
}

/** An edge worker in Quartermaster's registry: all isolates are one instance, and none knows when it stops. */
export function openEdgeRegistration(
  service: string,
  { config, secrets }: EdgeSettings,
): Pick<Registration, 'isDue' | 'keep'> {
  const clock = systemClock
  const token = createServiceTokens(createSigner(secrets.IDENTITY_KEY, clock), 'quartermaster', clock)
  const quartermaster = { service: 'quartermaster', baseUrl: config.QUARTERMASTER_URL, token }
  return createRegistration({ service, quartermaster, config, clock, log: createLog(service) })
}
