import { systemClock } from '../../shared/clock.ts'
import { createServiceTokens, createSigner } from '../../shared/identity/signer.ts'
import { createLog } from '../../shared/log.ts'
import { createRegistration, type Registration } from '../../shared/registry/registration.ts'
import type { FoghornSettings } from './config.ts'

const NAME = 'foghorn'

/** Foghorn in Quartermaster's registry: all isolates are one instance, and none knows when it stops. */
export function openRegistration({ config, secrets }: FoghornSettings): Pick<Registration, 'isDue' | 'keep'> {
  const clock = systemClock
  const token = createServiceTokens(createSigner(secrets.IDENTITY_KEY, clock), 'quartermaster', clock)
  const quartermaster = { service: 'quartermaster', baseUrl: config.QUARTERMASTER_URL, token }
  return createRegistration({ service: NAME, quartermaster, config, clock, log: createLog(NAME) })
}
