import type { z } from 'zod'
import type { Client } from '../../../shared/client/client.ts'
import type { KeySet } from '../../../shared/contract/identity.ts'
import { Cluster, CreatedEnrolmentToken, Tenant } from '../../../shared/contract/quartermaster.ts'
import { createAuthenticate } from '../../../shared/http/authenticate.ts'
import { createHttpMetrics } from '../../../shared/http/metrics.ts'
import { createSigner } from '../../../shared/identity/signer.ts'
import { createVerifier } from '../../../shared/identity/verifier.ts'
import { createLog } from '../../../shared/log.ts'
import { type Database, openDatabase } from '../../../shared/postgres/database.ts'
import { type Door, receive, send } from '../../../shared/testing/api.ts'
import { createIdentities, type Identities } from '../../../shared/testing/identities.ts'
import { freshDatabase } from '../../../shared/testing/postgres.ts'
import { createApi } from '../api.ts'
import { createJobs } from '../jobs.ts'
import type { Tables } from '../tables.ts'

const START = Date.parse('2026-01-01T00:00:00Z')

/** A tenant with its owner's token. */
export interface Tenancy extends z.infer<typeof Tenant> {
  token: string
}

/** Quartermaster over a database of its own, with a clock that the test moves. */
export interface TestQuartermaster extends Door, AsyncDisposable {
  identities: Identities
  keySet: KeySet
  db: Database<Tables>
  now(): Date
  pass(seconds: number): void
  /** As another service calls it. */
  clientOf(service: string): Client
  /** Hands what waits in the outbox to Commodore. */
  deliverTo(commodore: Client): Promise<void>
  tenant(name: string): Promise<Tenancy>
  cluster(owner: Tenancy, kind?: 'private' | 'platform'): Promise<z.infer<typeof Cluster>>
  enrolmentToken(owner: Tenancy, clusterId: string, usageLimit?: number): Promise<z.infer<typeof CreatedEnrolmentToken>>
}

export async function openQuartermaster(): Promise<TestQuartermaster> {
  const database = await freshDatabase()
  await database.migrate({ schema: 'quartermaster', folder: new URL('../migrations/', import.meta.url) })
  const db = openDatabase<Tables>(database.pool(database.urlAs('quartermaster')))
  let now = START
  const clock = () => new Date(now)
  const identities = await createIdentities(clock)
  const { registry, observe } = createHttpMetrics('quartermaster')
  const verify = createVerifier({ keys: identities.keySet, service: 'quartermaster', clock })
  const log = createLog('quartermaster')
  const app = createApi({
    log,
    clock,
    authenticate: createAuthenticate({ verify }),
    deps: { db, signer: createSigner(identities.keyOf('quartermaster'), clock) },
    metrics: registry,
    observe,
    trustedProxies: 1,
  })
  const door: Door = { fetch: (request) => app.fetch(request) }
  return {
    ...door,
    identities,
    keySet: identities.keySet,
    db,
    now: clock,
    pass: (seconds) => {
      now += seconds * 1000
    },
    clientOf: (service) => ({
      service: 'quartermaster',
      baseUrl: new URL('http://quartermaster.test'),
      token: () => identities.service(service, 'quartermaster'),
      fetch: door.fetch,
    }),
    deliverTo: async (commodore) => {
      const jobs = createJobs({ db, clock, log, commodore })
      await jobs.outbox?.run(AbortSignal.timeout(10_000))
    },
    tenant: async (name) => {
      const token = await identities.service('commodore', 'quartermaster')
      const body = { provisioning_key: `test:${crypto.randomUUID()}`, name }
      const tenant = await receive(Tenant, send(door, 'POST /tenants', { token, body }))
      return { ...tenant, token: await identities.user(tenant.id, { operator: name === 'platform' }) }
    },
    cluster: (owner, kind = 'private') =>
      receive(Cluster, send(door, 'POST /clusters', { token: owner.token, body: { name: 'edge', kind } })),
    enrolmentToken: (owner, cluster_id, usage_limit = 1) => {
      const body = { cluster_id, name: 'rack', usage_limit }
      return receive(CreatedEnrolmentToken, send(door, 'POST /enrolment-tokens', { token: owner.token, body }))
    },
    [Symbol.asyncDispose]: async () => {
      await db[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}
