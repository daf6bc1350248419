import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../shared/clock.ts'
import { newEncryptionKeys } from '../shared/encryption/keys.ts'
import { createKey, toPublicKey } from '../shared/identity/key.ts'
import { newId } from '../shared/ids.ts'
import { type Teller, toldBy } from '../shared/metrics/figures.ts'
import { freshClickHouse, type TestClickHouse } from '../shared/testing/clickhouse.ts'
import { freshDatabase, type TestDatabase } from '../shared/testing/postgres.ts'
import { installed } from './installed.ts'
import { type Bundle, bundleFunction } from './testing/lambda.ts'

/** A function starts in front of whoever waits: what is unpacked and read then. */
const BUNDLE_BYTES_MAX = 1024 * 1024
/** Over it, and why. */
const larger: Record<string, string> = {
  'functions/commodore/handler': 'SES’s client, API documents and argon2id’s loader; 0.5 MB gzipped',
  'functions/quartermaster/handler': 'the API’s documents and the database client; 0.4 MB gzipped',
  'functions/periscope-query/handler': 'ClickHouse’s client, the database client and API documents',
  'functions/decklog/handler': 'Kafka’s client, Connect and its protobuf',
  'functions/periscope-ingest/handler': 'Kafka’s client, MSK’s and every event’s schema',
}
const functions = [
  'functions/commodore/handler',
  'functions/quartermaster/handler',
  'functions/periscope-query/handler',
  'functions/decklog/handler',
  'functions/periscope-ingest/handler',
  'functions/commodore/events/handler',
  'functions/signalman-feed/handler',
]
/** What the stacks lay beside a function's code. */
const beside: Record<string, readonly string[]> = {
  'functions/commodore/handler': installed.commodore,
  'functions/decklog/handler': installed.kafka,
  'functions/periscope-ingest/handler': installed.kafka,
}
const TIMEOUT_MS = 60_000

const bundles = new Map<string, Bundle>()
let database: TestDatabase
let analytics: TestClickHouse
/** Secrets of the whole stack, by name. */
let secrets: Record<string, string>
let env: Record<string, string>

beforeAll(async () => {
  for (const file of functions) {
    bundles.set(file, await bundleFunction(file, beside[file]))
  }
  database = await freshDatabase()
  analytics = await freshClickHouse()
  const schemas = {
    commodore: '../functions/commodore/migrations/',
    quartermaster: '../functions/quartermaster/migrations/',
    periscope: '../functions/periscope-ingest/migrations/postgres/',
    event_log: '../shared/kafka/postgres/migrations/',
  }
  for (const [schema, folder] of Object.entries(schemas)) {
    await database.migrate({ schema, folder: new URL(folder, import.meta.url) })
  }
  await analytics.migrate(new URL('../functions/periscope-ingest/migrations/clickhouse/', import.meta.url))
  const issuers = ['commodore', 'quartermaster', 'periscope-query', 'decklog', 'signalman-feed'] as const
  const keys = await Promise.all(issuers.map((issuer) => createKey(issuer)))
  const [commodore, quartermaster, query, decklog, feed] = keys.map((key) => JSON.stringify(key))
  secrets = {
    CommodoreIdentityKey: commodore ?? '',
    QuartermasterIdentityKey: quartermaster ?? '',
    PeriscopeQueryIdentityKey: query ?? '',
    DecklogIdentityKey: decklog ?? '',
    SignalmanFeedIdentityKey: feed ?? '',
    IdentityPublicKeys: JSON.stringify({ keys: keys.map(toPublicKey) }),
    CommodoreEncryptionKeys: newEncryptionKeys('k1'),
    CommodoreDatabaseUrl: database.urlAs('commodore'),
    QuartermasterDatabaseUrl: database.urlAs('quartermaster'),
    PeriscopeDatabaseUrl: database.urlAs('periscope'),
    ClickHouseUrl: analytics.target.url,
    ClickHousePassword: analytics.target.password,
  }
  env = {
    DATABASE_WS_PROXY: database.wsProxy,
    COMMODORE_URL: 'http://127.0.0.1:1',
    QUARTERMASTER_URL: 'http://127.0.0.1:1',
    FOGHORN_URL: 'http://127.0.0.1:1',
    APP_URL: 'https://video.example',
    MAIL_FROM: 'no-reply@video.example',
    CLICKHOUSE_USER: analytics.target.user,
    CLICKHOUSE_DATABASE: analytics.target.database,
    EVENT_LOG_URL: database.urlAs('event_log'),
    AWS_REGION: 'eu-west-1',
  }
}, TIMEOUT_MS)

afterAll(async () => {
  for (const bundle of bundles.values()) await bundle[Symbol.asyncDispose]()
  await analytics[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

/** Just the secrets that the function reads: what is not linked in the cloud is not there either. */
function invoke(file: string, name: string, event: unknown, more: Record<string, string> = {}): Promise<unknown> {
  const bundle = bundles.get(file)
  if (bundle === undefined) throw new Error(`no bundle of ${file}`)
  return bundle.invoke(name, event, { env: { ...env, ...more }, secrets })
}

/** What CloudWatch's alarms read of the last call, which is all that they name of this service. */
function expectFigures(file: string): void {
  const [, service = ''] = file.split('/')
  const lines = bundles.get(file)?.written.split('\n') ?? []
  const told = lines.filter((line) => line.includes('"_aws"')).map((line) => JSON.parse(line))
  const names = told.flatMap(({ _aws }) => _aws.CloudWatchMetrics[0].Metrics.map(({ Name }: { Name: string }) => Name))
  const wanted = service in toldBy ? toldBy[service as Teller] : []
  expect(names.sort()).toEqual([...wanted].sort())
  for (const of of told) expect(of).toMatchObject({ service, stage: 'prod' })
}

describe('sizes', () => {
  test.each(functions)('%s is within the budget, or says why not', (file) => {
    const { bytes, gzip_bytes } = bundles.get(file) ?? { bytes: 0, gzip_bytes: 0 }
    process.stdout.write(`${file}: ${Math.round(bytes / 1024)} KiB, ${Math.round(gzip_bytes / 1024)} KiB gzipped\n`)
    expect(bytes).toBeGreaterThan(0)
    expect(gzip_bytes).toBeLessThanOrEqual(BUNDLE_BYTES_MAX)
    expect(bytes > BUNDLE_BYTES_MAX, `${Math.round(bytes / 1024)} KiB`).toBe(file in larger)
  })
})

/** What API Gateway's HTTP APIs hand over (payload 2.0), as recorded. */
function httpEvent(method: string, path: string, headers: Record<string, string> = {}) {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'api.video.example', 'x-forwarded-for': '198.51.100.7', 'x-forwarded-proto': 'https', ...headers },
    requestContext: {
      accountId: '123456789012',
      apiId: 'a1b2c3d4e5',
      domainName: 'api.video.example',
      domainPrefix: 'api',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '198.51.100.7', userAgent: 'curl/8.5.0' },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey: '$default',
      stage: '$default',
      time: '24/Nov/2026:10:00:00 +0000',
      timeEpoch: 1_795_600_800_000,
    },
    isBase64Encoded: false,
  }
}

const Answer = z.object({ statusCode: z.number(), body: z.string() })

describe('HTTP', () => {
  const services = functions.slice(0, 4)

  test.each(services)(
    '%s is ready with what is linked to it, and knows nobody without a token',
    async (file) => {
      const health = Answer.parse(await invoke(file, 'handler', httpEvent('GET', '/health')))
      expect([health.statusCode, health.body]).toEqual([200, expect.stringContaining('"ok"')])
      const closed = {
        commodore: '/streams',
        quartermaster: '/nodes',
        'periscope-query': '/usage',
        decklog: '/produce',
      }
      const path = closed[file.split('/')[1] as keyof typeof closed]
      const method = path === '/produce' ? 'POST' : 'GET'
      const refused = Answer.parse(await invoke(file, 'handler', httpEvent(method, path)))
      expect(refused.statusCode).toBe(401)
    },
    TIMEOUT_MS,
  )

  test.each(services)(
    '%s does its jobs',
    async (file) => {
      expect(await invoke(file, 'jobs', {})).toBeNull()
      expectFigures(file)
    },
    TIMEOUT_MS,
  )

  test('a function whose secrets are not linked does not start', async () => {
    const bundle = bundles.get('functions/decklog/handler')
    await expect(
      bundle?.invoke('handler', httpEvent('GET', '/health'), { env, secrets: { Another: 'x' } }),
    ).rejects.toThrow(/DecklogIdentityKey/)
  })
})

const tenant_id = newId('tenant')
const event = {
  event_id: crypto.randomUUID(),
  event_type: 'stream-end',
  schema_version: 1,
  stream_name: 'live+regatta',
  occurred_at: systemClock().toISOString(),
  source: 'helmsman',
  tenant_id,
  stream_id: newId('stream'),
  node_id: newId('node'),
  cluster_id: newId('cluster'),
  received_at: systemClock().toISOString(),
  data: {
    ingress_bytes: 1,
    egress_bytes: 2,
    viewers: 3,
    inputs: 1,
    outputs: 0,
    viewer_seconds: 4,
    provenance: 'reported',
  },
}

/** What an MSK event source hands over, as recorded. */
const mskEvent = {
  eventSource: 'aws:kafka',
  eventSourceArn:
    'arn:aws:kafka:eu-west-1:123456789012:cluster/frameworks-prod/751d2973-a626-431c-9d4e-d7975eb44dd7-s1',
  bootstrapServers: 'boot-x.c1.kafka-serverless.eu-west-1.amazonaws.com:9098',
  records: {
    'analytics_events-0': [
      {
        topic: 'analytics_events',
        partition: 0,
        offset: 15,
        timestamp: Date.now(),
        timestampType: 'CREATE_TIME',
        key: Buffer.from(`${tenant_id}:${event.stream_id}`).toString('base64'),
        value: Buffer.from(JSON.stringify(event)).toString('base64'),
        headers: [{ event_type: [...Buffer.from('stream-end')] }],
      },
    ],
  },
}

describe('events of Kafka', () => {
  test(
    'are stored by Periscope Ingest',
    async () => {
      expect(await invoke('functions/periscope-ingest/handler', 'handler', mskEvent)).not.toBeUndefined()
      expectFigures('functions/periscope-ingest/handler')
      const rows = await analytics.clickhouse.query(
        'SELECT viewers FROM stream_runs FINAL WHERE event_id = {id: UUID}',
        {
          id: event.event_id,
        },
      )
      expect(rows).toEqual([{ viewers: expect.anything() }])
    },
    TIMEOUT_MS,
  )

  test(
    'are heard by Commodore',
    async () => {
      expect(await invoke('functions/commodore/events/handler', 'handler', mskEvent)).toBeNull()
    },
    TIMEOUT_MS,
  )

  test(
    'are brought to Signalman',
    async () => {
      const told: unknown[] = []
      const app = new Hono().post('/feed/:tenant', async (c) => {
        told.push([c.req.param('tenant'), await c.req.json()])
        return c.json({ taken: 1 })
      })
      const listening = Promise.withResolvers<number>()
      const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => listening.resolve(port))
      const SIGNALMAN_URL = `http://127.0.0.1:${await listening.promise}`
      expect(await invoke('functions/signalman-feed/handler', 'handler', mskEvent, { SIGNALMAN_URL })).toBeNull()
      server.close()
      expect(told).toMatchObject([
        [tenant_id, { events: [{ partition: 0, offset: '15', event: { event_id: event.event_id } }] }],
      ])
    },
    TIMEOUT_MS,
  )
})
