import { common, JOBS_FUNCTION_TIMEOUT } from './function.ts'
import { installed, pinned } from './installed.ts'
import { regional } from './regional.ts'
import { type RoutedService, routes } from './routes.ts'
import {
  databaseUrls,
  encryptionKeys,
  identityKeys,
  identityPublicKeys,
  periscopeSecrets,
  periscopeStores,
} from './secrets.ts'
import { hostOf, registered, serviceUrl, stageDomain, tiers } from './stage.ts'

const COMMODORE_URL = serviceUrl('commodore')
const QUARTERMASTER_URL = serviceUrl('quartermaster')
/** Where viewers go is also where services reach it. */
const FOGHORN_URL = serviceUrl('play')

/** API Gateway, which adds to `X-Forwarded-For` whom it was called by. */
const TRUSTED_PROXIES = '1'

/** Who mail comes from. */
const mail = new sst.aws.Email('Mail', { sender: stageDomain, dns: sst.cloudflare.dns() })

const commodoreFunction = {
  ...common,
  // Hashing a password with argon2id takes memory and a whole core.
  memory: '1769 MB' as const,
  nodejs: { install: pinned(installed.commodore) },
  permissions: [{ actions: ['ses:SendEmail'], resources: [mail.nodes.identity.arn] }],
  link: [databaseUrls.commodore, identityKeys.commodore, identityPublicKeys, encryptionKeys],
  environment: {
    ...registered(COMMODORE_URL),
    QUARTERMASTER_URL,
    FOGHORN_URL,
    APP_URL: `https://${stageDomain}`,
    MAIL_FROM: `no-reply@${stageDomain}`,
    TRUSTED_PROXIES,
  },
}

const commodore = new sst.aws.Function('Commodore', {
  ...commodoreFunction,
  handler: 'functions/commodore/handler.handler',
})

const commodoreJobs = new sst.aws.CronV2('CommodoreJobs', {
  schedule: 'rate(1 minute)',
  function: { ...commodoreFunction, handler: 'functions/commodore/handler.jobs', timeout: JOBS_FUNCTION_TIMEOUT },
})

const quartermasterFunction = {
  ...common,
  link: [databaseUrls.quartermaster, identityKeys.quartermaster],
  environment: {
    ...registered(QUARTERMASTER_URL),
    COMMODORE_URL,
    TRUSTED_PROXIES,
  },
}

const quartermaster = new sst.aws.Function('Quartermaster', {
  ...quartermasterFunction,
  handler: 'functions/quartermaster/handler.handler',
})

const quartermasterJobs = new sst.aws.CronV2('QuartermasterJobs', {
  schedule: 'rate(1 minute)',
  function: {
    ...quartermasterFunction,
    handler: 'functions/quartermaster/handler.jobs',
    timeout: JOBS_FUNCTION_TIMEOUT,
  },
})

const periscopeQueryFunction = {
  ...common,
  link: [...periscopeSecrets, identityKeys['periscope-query']],
  environment: {
    ...registered(serviceUrl('periscope-query')),
    COMMODORE_URL,
    QUARTERMASTER_URL,
    ...periscopeStores,
  },
}

const periscopeQuery = new sst.aws.Function('PeriscopeQuery', {
  ...periscopeQueryFunction,
  handler: 'functions/periscope-query/handler.handler',
})

const periscopeQueryJobs = new sst.aws.CronV2('PeriscopeQueryJobs', {
  schedule: 'rate(1 minute)',
  function: {
    ...periscopeQueryFunction,
    handler: 'functions/periscope-query/handler.jobs',
    timeout: JOBS_FUNCTION_TIMEOUT,
  },
})

const decklog = regional.find(({ place }) => place.region === tiers.central)?.functions.Decklog
if (decklog === undefined) throw new Error(`The central region ${tiers.central} has no Decklog.`)

const functions = { commodore, quartermaster, 'periscope-query': periscopeQuery, decklog }

/** The control plane's and what answers tenants: in the central region alone. */
export const centralFunctions = {
  ...{ Commodore: commodore, CommodoreJobs: commodoreJobs.nodes.function },
  ...{ Quartermaster: quartermaster, QuartermasterJobs: quartermasterJobs.nodes.function },
  ...{ PeriscopeQuery: periscopeQuery, PeriscopeQueryJobs: periscopeQueryJobs.nodes.function },
}

/** Each service under its own host: what other services and media hosts call. Decklog's is the central region's. */
for (const [service, { arn }] of Object.entries(functions)) {
  const name = service.replaceAll(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase())
  const own = new sst.aws.ApiGatewayV2(`${name}Api`, { domain: { name: hostOf(service), dns: sst.cloudflare.dns() } })
  own.route('$default', arn)
}

/** One origin for tenants: the public paths of all services. */
export const api = new sst.aws.ApiGatewayV2('Api', {
  domain: { name: hostOf('api'), dns: sst.cloudflare.dns() },
  cors: { allowHeaders: ['authorization', 'content-type', 'idempotency-key'], maxAge: '1 hour' },
})

for (const { path, service, methods = ['ANY'] } of routes) {
  if (!isFunction(service)) continue
  for (const gatewayPath of toGatewayPaths(path)) {
    for (const method of methods) api.route(`${method} ${gatewayPath}`, functions[service].arn)
  }
}

function isFunction(service: RoutedService): service is keyof typeof functions {
  return service in functions
}

/** API Gateway names its wildcards, and takes `/**` as two routes: the path itself and all below it. */
function toGatewayPaths(path: string): string[] {
  const named = path.replaceAll(/\/\*(?=\/|$)/g, '/{id}')
  if (!named.endsWith('/**')) return [named]
  const base = named.slice(0, -'/**'.length)
  return [base, `${base}/{proxy+}`]
}
