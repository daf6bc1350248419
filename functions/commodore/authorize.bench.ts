import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import { Kysely, PostgresDialect, type PostgresPool } from 'kysely'
import { call } from '../../shared/client/client.ts'
import { CreatedStream } from '../../shared/contract/commodore.ts'
import { Cluster, createTenant } from '../../shared/contract/quartermaster.ts'
import { newEncryptionKeys } from '../../shared/encryption/keys.ts'
import { createKey, toPublicKey } from '../../shared/identity/key.ts'
import { createServiceTokens, createSigner, signNodeToken, signUserToken } from '../../shared/identity/signer.ts'
import { newId } from '../../shared/ids.ts'
import { ensureRole, migrate } from '../../shared/postgres/migrate.ts'
import { openPool } from '../../shared/postgres/pool.ts'
import { sha256Hex } from '../../shared/random.ts'
import { receive, send } from '../../shared/testing/api.ts'
import { compare } from '../../shared/testing/compare.ts'
import { freePort } from '../../shared/testing/port.ts'
import { startPostgresProxy } from '../../stacks/local/postgres/proxy.ts'
import { startPostgres } from '../../stacks/local/postgres/server.ts'
import { serve } from '../../stacks/local/serve.ts'
import { readConfig as readQuartermaster } from '../quartermaster/config.ts'
import * as quartermasterService from '../quartermaster/service.ts'
import { readConfig } from './config.ts'
import * as commodoreService from './service.ts'
import type { Tables } from './tables.ts'

const STREAMS = 200
const REQUESTS = 200
const IN_PARALLEL = 8

await using stack = new AsyncDisposableStack()
const folder = await mkdtemp(join(tmpdir(), 'frameworks-bench-'))
stack.defer(() => rm(folder, { recursive: true, force: true }))
const server = stack.use(
  await startPostgres({ dataPath: join(folder, 'data'), port: await freePort(), password: 'bench', durable: false }),
)
const proxy = stack.use(await startPostgresProxy(server))
const owner = openPool(server.url('postgres'), { wsProxy: proxy.address })
for (const schema of ['commodore', 'quartermaster']) {
  await ensureRole(owner, schema, 'bench')
  await migrate({ pool: owner, schema, folder: new URL(`../${schema}/migrations/`, import.meta.url) })
}

const keys = { commodore: await createKey('commodore'), quartermaster: await createKey('quartermaster') }
const [commodorePort, quartermasterPort] = [await freePort(), await freePort()]
const variables = (service: 'commodore' | 'quartermaster') => ({
  APP_URL: 'http://127.0.0.1',
  MAIL_FOLDER: folder,
  COMMODORE_URL: `http://127.0.0.1:${commodorePort}`,
  QUARTERMASTER_URL: `http://127.0.0.1:${quartermasterPort}`,
  FOGHORN_URL: 'http://127.0.0.1:1',
  ENCRYPTION_KEYS: newEncryptionKeys('bench'),
  IDENTITY_PUBLIC_KEYS: JSON.stringify({ keys: Object.values(keys).map(toPublicKey) }),
  IDENTITY_KEY: JSON.stringify(keys[service]),
  DATABASE_URL: urlAs(service),
  DATABASE_WS_PROXY: proxy.address,
})
const commodore = stack.use(await commodoreService.open(readConfig(variables('commodore'))))
const quartermaster = stack.use(await quartermasterService.open(readQuartermaster(variables('quartermaster'))))
stack.use(await serve(commodore, commodorePort))
stack.use(await serve(quartermaster, quartermasterPort))

const now = () => new Date()
const signer = createSigner(keys.commodore, now)
const baseUrl = new URL(`http://127.0.0.1:${quartermasterPort}`)
const asCommodore = { service: 'quartermaster', baseUrl, token: createServiceTokens(signer, 'quartermaster', now) }
const tenant = await call(asCommodore, createTenant, { provisioning_key: 'user:bench', name: 'Bench' })
const user = { sub: newId('user'), tenant_id: tenant.id, role: 'owner', operator: false } as const
const token = await signUserToken(signer, user)
await owner.query("insert into commodore.users (id, email, created_at) values ($1, 'bench@example.com', now())", [
  user.sub,
])
await owner.query(
  "insert into commodore.memberships (tenant_id, user_id, role, created_at) values ($1, $2, 'owner', now())",
  [tenant.id, user.sub],
)
const cluster = await receive(Cluster, send(quartermaster, 'POST /clusters', { token, body: { name: 'home' } }))
const node = { sub: newId('node'), cluster_id: cluster.id }
const nodeToken = await signNodeToken(createSigner(keys.quartermaster, now), node)
const streams: { stream_key: string; playback_id: string }[] = []
for (let n = 0; n < STREAMS; n++) {
  streams.push(
    await receive(CreatedStream, send(commodore, 'POST /streams', { token, body: { title: `Stream ${n}` } })),
  )
}
const keyAt = (n: number) => streams[n % STREAMS]?.stream_key ?? ''
const playbackIdAt = (n: number) => streams[n % STREAMS]?.playback_id ?? ''

/** What a route costs at the least: Hono, one query by Kysely over the same driver, JSON. */
const pool = openPool(urlAs('postgres'), { wsProxy: proxy.address })
// Kysely asks for node-postgres' own pool type, and uses what both have.
const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: pool as unknown as PostgresPool }) }).withSchema(
  'commodore',
)
const bare = new Hono()
  .post('/ingest/authorize', async (c) => {
    const { stream_key } = await c.req.json<{ stream_key: string }>()
    const joined = db.selectFrom('stream_keys').innerJoin('streams', 'streams.id', 'stream_keys.stream_id')
    const row = await joined
      .select(['streams.tenant_id', 'streams.id', 'streams.internal_name', 'streams.playback_id', 'streams.record'])
      .where('key_hash', '=', await sha256Hex(stream_key))
      .executeTakeFirst()
    return c.json({ allowed: row !== undefined, ...row })
  })
  .post('/playback/authorize', async (c) => {
    const { playback_id } = await c.req.json<{ playback_id: string }>()
    const named = db.selectFrom('streams').select(['tenant_id', 'id', 'internal_name', 'playback_id'])
    const row = await named.where('playback_id', '=', playback_id).executeTakeFirst()
    return c.json({ allowed: row !== undefined, ...row })
  })
  .get('/streams', async (c) => {
    const page = db.selectFrom('streams').selectAll().where('tenant_id', '=', tenant.id)
    return c.json({ data: await page.orderBy('id', 'desc').limit(50).execute() })
  })

type Door = Parameters<typeof send>[0]
const authorize = (door: Door) => (n: number) =>
  send(door, 'POST /ingest/authorize', { token: nodeToken, body: { stream_key: keyAt(n), protocol: 'rtmp' } })
const play = (door: Door) => (n: number) =>
  send(door, 'POST /playback/authorize', { token: nodeToken, body: { playback_id: playbackIdAt(n), protocol: 'hls' } })
const list = (door: Door) => () => send(door, 'GET /streams', { token })

await compare({
  name: 'POST /ingest/authorize',
  unit: 'requests',
  ours: () => many(authorize(commodore)),
  bare: () => many(authorize(bare)),
})
await compare({
  name: 'POST /playback/authorize',
  unit: 'requests',
  ours: () => many(play(commodore)),
  bare: () => many(play(bare)),
})
await compare({
  name: 'GET /streams, a page of 50',
  unit: 'requests',
  ours: () => many(list(commodore)),
  bare: () => many(list(bare)),
})
await Promise.all([db.destroy(), owner.end()])

async function many(ask: (n: number) => Promise<Response>): Promise<number> {
  let next = 0
  const lane = async () => {
    while (next < REQUESTS) {
      const response = await ask(next++)
      const answer = await response.text()
      if (!response.ok || answer.includes('"allowed":false')) throw new Error(`${response.status}: ${answer}`)
    }
  }
  await Promise.all(Array.from({ length: IN_PARALLEL }, lane))
  return REQUESTS
}

function urlAs(role: string): string {
  return server.url('postgres').replace(/\/\/[^@]+@/, `//${role}:bench@`)
}
