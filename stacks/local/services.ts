import { readConfig as readCommodore } from '../../functions/commodore/config.ts'
import { readConfig as readListener } from '../../functions/commodore/events/config.ts'
import { listen, openListener } from '../../functions/commodore/events/listener.ts'
import * as commodore from '../../functions/commodore/service.ts'
import { readConfig as readDecklog } from '../../functions/decklog/config.ts'
import * as decklog from '../../functions/decklog/service.ts'
import { readConfig as readIngest } from '../../functions/periscope-ingest/config.ts'
import * as periscopeIngest from '../../functions/periscope-ingest/service.ts'
import { readConfig as readQuery } from '../../functions/periscope-query/config.ts'
import * as periscopeQuery from '../../functions/periscope-query/service.ts'
import { readConfig as readQuartermaster } from '../../functions/quartermaster/config.ts'
import * as quartermaster from '../../functions/quartermaster/service.ts'
import { readConfig as readFeed } from '../../functions/signalman-feed/config.ts'
import { follow, openFeed } from '../../functions/signalman-feed/open-feed.ts'
import packageJson from '../../package.json' with { type: 'json' }
import type { Fault } from '../../shared/fault.ts'
import type { Service } from '../../shared/http/service.ts'
import { openEventLog } from '../../shared/kafka/open-event-log.ts'
import { createLog } from '../../shared/log.ts'
import type { Ports } from './ports.ts'
import { startScheduler } from './scheduler.ts'
import type { Databases } from './schema.ts'
import { type Issuer, keySetOf, type Secrets } from './secrets.ts'
import { serve } from './serve.ts'

interface ServiceOptions {
  ports: Ports
  secrets: Secrets
  databases: Databases
  kafkaBrokers: string | undefined
  /** Where mail is kept, as nobody sends it. */
  mailFolder: string
  stack: AsyncDisposableStack
}

export function urlAt(port: number): string {
  return `http://127.0.0.1:${port}`
}

/** What a service at a port tells the registry of itself. */
export function registered(port: number) {
  return { SERVICE_URL: urlAt(port), SERVICE_VERSION: packageJson.version }
}

/** Opens all functions with the variables that the cloud would give them, and serves each on its port. */
export async function startServices(options: ServiceOptions): Promise<void> {
  const { ports, secrets, databases, kafkaBrokers, mailFolder, stack } = options
  const common = {
    COMMODORE_URL: urlAt(ports.commodore),
    QUARTERMASTER_URL: urlAt(ports.quartermaster),
    DATABASE_WS_PROXY: databases.wsProxy,
  }
  const identity = (issuer: Issuer) => ({ IDENTITY_KEY: JSON.stringify(secrets.keys[issuer]) })
  const eventLog = kafkaBrokers ? { KAFKA_BROKERS: kafkaBrokers } : { EVENT_LOG_URL: databases.urlOf('event_log') }
  const { analytics } = databases
  const periscope = {
    DATABASE_URL: databases.urlOf('periscope'),
    CLICKHOUSE_URL: analytics.url,
    CLICKHOUSE_USER: analytics.user,
    CLICKHOUSE_PASSWORD: analytics.password,
    CLICKHOUSE_DATABASE: analytics.database,
  }
  const services: Service[] = []
  const start = async (service: Promise<Service>, port: number) => {
    const opened = stack.use(await service)
    stack.use(await serve(opened, port))
    services.push(opened)
  }
  await start(
    commodore.open(
      readCommodore({
        ...common,
        ...identity('commodore'),
        ...registered(ports.commodore),
        FOGHORN_URL: urlAt(ports.foghorn),
        APP_URL: urlAt(ports['front-door']),
        MAIL_FOLDER: mailFolder,
        DATABASE_URL: databases.urlOf('commodore'),
        ENCRYPTION_KEYS: secrets.encryption_keys,
        WEBHOOKS_ALLOW_LOOPBACK: 'true',
        IDENTITY_PUBLIC_KEYS: JSON.stringify(keySetOf(secrets)),
      }),
    ),
    ports.commodore,
  )
  await start(
    quartermaster.open(
      readQuartermaster({
        ...common,
        ...identity('quartermaster'),
        ...registered(ports.quartermaster),
        DATABASE_URL: databases.urlOf('quartermaster'),
      }),
    ),
    ports.quartermaster,
  )
  await start(
    decklog.open(readDecklog({ ...common, ...identity('decklog'), ...registered(ports.decklog), ...eventLog })),
    ports.decklog,
  )
  await start(
    periscopeIngest.open(readIngest({ ...common, ...identity('periscope-ingest'), ...eventLog, ...periscope })),
    ports['periscope-ingest'],
  )
  await startListener(options, eventLog)
  await startFeed(options, eventLog)
  await start(
    periscopeQuery.open(
      readQuery({ ...common, ...identity('periscope-query'), ...registered(ports['periscope-query']), ...periscope }),
    ),
    ports['periscope-query'],
  )
  // When all are there, since what they do by the clock needs each other; and they leave before the first one stops.
  for (const { jobs } of services) if (jobs) stack.use(startScheduler(jobs, createLog('scheduler')))
  stack.defer(async () => {
    await Promise.all(services.map((service) => service.leave?.()))
  })
}

/** Signalman's feed: in the cloud an event source does this. */
async function startFeed(
  { ports, secrets, databases: { wsProxy }, stack }: ServiceOptions,
  eventLog: Parameters<typeof openEventLog>[0],
): Promise<void> {
  const log = createLog('signalman-feed')
  const key = JSON.stringify(secrets.keys['signalman-feed'])
  const deps = openFeed(readFeed({ SIGNALMAN_URL: urlAt(ports.signalman), IDENTITY_KEY: key }))
  const report = (fault: Fault) => log.warn('event log recovers', { code: fault.reason })
  const events = stack.use(await openEventLog(eventLog, { client_id: 'signalman-feed', wsProxy, report }))
  const consumer = stack.use(follow(deps, events))
  consumer.done.catch((error: unknown) => log.error('feed stopped', { error }))
}

/** Commodore's listener: in the cloud an event source feeds it. */
async function startListener(
  { databases, stack }: ServiceOptions,
  eventLog: Parameters<typeof openEventLog>[0],
): Promise<void> {
  const log = createLog('commodore-events')
  const { wsProxy } = databases
  const variables = { DATABASE_URL: databases.urlOf('commodore'), DATABASE_WS_PROXY: wsProxy }
  const listener = stack.use(openListener(readListener(variables)))
  const report = (fault: Fault) => log.warn('event log recovers', { code: fault.reason })
  const events = stack.use(await openEventLog(eventLog, { client_id: 'commodore-events', wsProxy, report }))
  const consumer = stack.use(listen(listener, events))
  consumer.done.catch((error: unknown) => log.error('listener stopped', { error }))
}
