import { systemClock } from '../../shared/clock.ts'
import { createApiTokenVerifier } from '../../shared/http/api-tokens.ts'
import { createAuthenticate } from '../../shared/http/authenticate.ts'
import { admitBy, type CallLimit } from '../../shared/http/rate-limit.ts'
import { createUserConfirmer } from '../../shared/http/user-sessions.ts'
import { createServiceTokens, createSigner } from '../../shared/identity/signer.ts'
import { createTicketVerifier, createVerifier } from '../../shared/identity/verifier.ts'
import { createLog } from '../../shared/log.ts'
import { createApi } from './api.ts'
import type { SignalmanSettings } from './config.ts'
import type { Hub } from './hub/hub.ts'
import { createHubs } from './live/hubs.ts'

/** What the Worker is given besides its variables. */
export interface Bindings extends Record<string, unknown> {
  HUBS: DurableObjectNamespace<Hub>
  /** How often an address may call; without it, as often as it likes. */
  LIVE_CALLS?: CallLimit
}

const NAME = 'signalman'

/** What the feed and whoever watches over us ask. */
const EXEMPT = ['/feed/', '/health']

/** Signalman's app with all that it works with, for the life of one isolate. */
export function open({ config, secrets }: SignalmanSettings, { HUBS, LIVE_CALLS }: Bindings) {
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
    admit: admitBy(LIVE_CALLS, EXEMPT),
    deps: { hubs: createHubs(HUBS), readTicket: createTicketVerifier(verifier), front: TRUSTED_PROXIES },
  })
}
