import { identityKeys } from './secrets.ts'
import { hostOf, serviceUrl } from './stage.ts'

/** One object for each cluster of media hosts: their heartbeats, kept through evictions. */
const clusters = new sst.cloudflare.DurableObject('Clusters', { className: 'Cluster' })

export const foghorn = new sst.cloudflare.Worker('Foghorn', {
  handler: 'edge-workers/foghorn/worker.ts',
  domain: hostOf('play'),
  link: [clusters],
  migrations: [{ tag: 'v1', newSqliteClasses: ['Cluster'] }],
  environment: {
    COMMODORE_URL: serviceUrl('commodore'),
    DECKLOG_URL: serviceUrl('decklog'),
    IDENTITY_KEY: identityKeys.foghorn.value,
  },
})
