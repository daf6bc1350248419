import packageJson from '../package.json' with { type: 'json' }
import { type Region, readTiers } from './tiers.ts'

const domain = process.env.FRAMEWORKS_DOMAIN
if (!domain)
  throw new Error('Set FRAMEWORKS_DOMAIN to a domain of yours whose zone is on Cloudflare, e.g. video.example')

/** Production stands on the domain itself, every other stage below it. */
export const stageDomain = $app.stage === 'prod' ? domain : `${$app.stage}.${domain}`

export const tiers = readTiers(process.env)

/** Each service has a host of its own, known before the service is there: services can then name each other. */
export function serviceUrl(service: string): string {
  return `https://${hostOf(service)}`
}

/** What a service that is reached at a host's URL tells the registry of itself. */
export function registered(url: string, instance = $app.stage) {
  return { SERVICE_URL: url, SERVICE_VERSION: packageJson.version, INSTANCE_ID: instance }
}

export function hostOf(service: string): string {
  return `${service}.${stageDomain}`
}

/** Where the media hosts of a region bring their events to; `helmsman enrol --region` makes the same name. */
export function decklogHost(region: Region): string {
  return hostOf(`decklog.${region}`)
}
