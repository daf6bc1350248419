import { systemClock } from '../../shared/clock.ts'
import { createApiTokenVerifier } from '../../shared/http/api-tokens.ts'
import { createAuthenticate } from '../../shared/http/authenticate.ts'
import { createUserConfirmer } from '../../shared/http/user-sessions.ts'
import { createServiceTokens, createSigner } from '../../shared/identity/signer.ts'
import { createTicketVerifier, createVerifier } from '../../shared/identity/verifier.ts'
import { createLog } from '../../shared/log.ts'
import { createApi } from './api.ts'
import type { SignalmanSettings } from './config.ts'
import type { Hub } from './hub/hub.ts'
import { createHubs } from './live/hubs.ts'

const NAME = 'signalman'

/** Signalman's app with all that it works with, for the life of one isolate. */
export function open({ config, secrets }: SignalmanSettings, namespace: DurableObjectNamespace<Hub>) {
  const { COMMODORE_URL, TRUSTED_PROXIES } = config
  const clock = systemClock
  const token = createServiceTokens(createSigner(secrets.IDENTITY_KEY, clock), 'commodore', clock)
  const commodore = { service: 'commodore', baseUrl: COMMODORE_URL, token }
  const verifier = { keys: new URL('/.well-known/jwks.json', COMMODORE_URL), service: NAME, clock }
  return createApi({
    log: createLog(NAME),
    clock,
    authenticate: createAuthenticate({
      verify: createVerifier(verifier),
      confirmUser: createUserConfirmer(commodore, clock),
      verifyApiToken: createApiTokenVerifier(commodore, clock),
    }),
    deps: { hubs: createHubs(namespace), readTicket: createTicketVerifier(verifier), front: TRUSTED_PROXIES },
  })
}
