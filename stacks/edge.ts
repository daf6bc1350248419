import { edgeWorkers } from './edge-workers.ts'
import { identityKeys } from './secrets.ts'
import { hostOf, registered, serviceUrl } from './stage.ts'

const { entry, durableObjects } = edgeWorkers.foghorn

/** Linked under their names, which are the Worker's bindings. */
const objects = Object.entries(durableObjects).map(
  ([binding, className]) => new sst.cloudflare.DurableObject(binding, { className }),
)

export const foghorn = new sst.cloudflare.Worker('Foghorn', {
  handler: entry,
  domain: hostOf('play'),
  link: objects,
  migrations: [{ tag: 'v1', newSqliteClasses: Object.values(durableObjects) }],
  environment: {
    ...registered(serviceUrl('play')),
    COMMODORE_URL: serviceUrl('commodore'),
    QUARTERMASTER_URL: serviceUrl('quartermaster'),
    DECKLOG_URL: serviceUrl('decklog'),
    TRUSTED_PROXIES: 'cloudflare',
    IDENTITY_KEY: identityKeys.foghorn.value,
  },
})
