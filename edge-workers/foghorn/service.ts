import { systemClock } from '../../shared/clock.ts'
import { createApiTokenVerifier } from '../../shared/http/api-tokens.ts'
import { createAuthenticate } from '../../shared/http/authenticate.ts'
import { admitBy, type CallLimit } from '../../shared/http/rate-limit.ts'
import { createUserConfirmer } from '../../shared/http/user-sessions.ts'
import { createServiceTokens, createSigner } from '../../shared/identity/signer.ts'
import { createVerifier } from '../../shared/identity/verifier.ts'
import { createLog } from '../../shared/log.ts'
import { createApi } from './api.ts'
import type { Cluster } from './cluster/cluster.ts'
import type { FoghornSettings } from './config.ts'
import { createAllowance } from './ingest/allowance.ts'
import { createClusters } from './nodes/cluster-objects.ts'
import { createOwnedClusters } from './nodes/owned-clusters.ts'
import { createFleets } from './pictures/fleets.ts'
import { createDecisionLog } from './play/decision-log.ts'
import { createVerdicts } from './play/verdicts.ts'

/** What the Worker is given besides its variables. */
export interface Bindings extends Record<string, unknown> {
  CLUSTERS: DurableObjectNamespace<Cluster>
  /** How often an address may call; without it, as often as it likes. */
  VIEWER_CALLS?: CallLimit
}

const NAME = 'foghorn'
/** A viewer waits for it. */
const COMMODORE_TIMEOUT_MS = 2_000

/** What media hosts, services and whoever watches over us ask. */
const EXEMPT = ['/nodes/', '/clusters/', '/health']

/** Foghorn's app with all that it works with, for the life of one isolate. */
export function open({ config, secrets }: FoghornSettings, { CLUSTERS, VIEWER_CALLS }: Bindings) {
  const { COMMODORE_URL, QUARTERMASTER_URL, DECKLOG_URL, COLD_HOSTS, TRUSTED_PROXIES, WEIGHTS } = config
  const log = createLog(NAME)
  const clock = systemClock
  const signer = createSigner(secrets.IDENTITY_KEY, clock)
  const tokens = (audience: string) => createServiceTokens(signer, audience, clock)
  const keys = new URL('/.well-known/jwks.json', COMMODORE_URL)
  const clusters = createClusters(CLUSTERS)
  const commodore = {
    service: 'commodore',
    baseUrl: COMMODORE_URL,
    token: tokens('commodore'),
    timeoutMs: COMMODORE_TIMEOUT_MS,
  }
  const quartermaster = { service: 'quartermaster', baseUrl: QUARTERMASTER_URL, token: tokens('quartermaster') }
  return createApi({
    log,
    clock,
    authenticate: createAuthenticate({
      verify: createVerifier({ keys, service: NAME, clock }),
      confirmUser: createUserConfirmer(commodore, clock),
      verifyApiToken: createApiTokenVerifier(commodore, clock),
    }),
    admit: admitBy(VIEWER_CALLS, EXEMPT),
    deps: {
      verdicts: createVerdicts(commodore, clock),
      clusters,
      fleets: createFleets({ clusters, clock, weights: WEIGHTS }),
      decisions: createDecisionLog({ decklogUrl: DECKLOG_URL, token: tokens('decklog'), log, clock }),
      cold: COLD_HOSTS,
      commodore,
      quartermaster,
      weights: WEIGHTS,
      ownedClusters: createOwnedClusters(quartermaster, clock),
      allowance: createAllowance(clock),
      front: TRUSTED_PROXIES,
    },
  })
}
