import type { z } from 'zod'
import type { Client } from '../../../shared/client/client.ts'
import { LoginResponse } from '../../../shared/contract/accounts.ts'
import { type ApiToken, CreatedApiToken, CreatedStream } from '../../../shared/contract/commodore.ts'
import { createEncryption, type Encryption } from '../../../shared/encryption/encryption.ts'
import { encryptionVariables, newEncryptionKeys } from '../../../shared/encryption/keys.ts'
import { toActor } from '../../../shared/http/api-tokens.ts'
import { createAuthenticate } from '../../../shared/http/authenticate.ts'
import { createHttpMetrics } from '../../../shared/http/metrics.ts'
import { toUser } from '../../../shared/http/user-sessions.ts'
import { createServiceTokens } from '../../../shared/identity/signer.ts'
import { createVerifier } from '../../../shared/identity/verifier.ts'
import type { Jobs } from '../../../shared/jobs.ts'
import { createLog } from '../../../shared/log.ts'
import type { Mail } from '../../../shared/mail/mailer.ts'
import { type Database, openDatabase } from '../../../shared/postgres/database.ts'
import type { Pool } from '../../../shared/postgres/pool.ts'
import { type Door, receive, send } from '../../../shared/testing/api.ts'
import { freshDatabase } from '../../../shared/testing/postgres.ts'
import { openQuartermaster, type TestQuartermaster } from '../../quartermaster/testing/quartermaster.ts'
import { createApi } from '../api.ts'
import { judge } from '../api-tokens/verify.ts'
import { createRouting, type Routing } from '../authorize/routing.ts'
import { openKeyRing } from '../identity/key-ring.ts'
import { createJobs } from '../jobs.ts'
import { createStandings } from '../sessions/standing.ts'
import type { Tables } from '../tables.ts'
import { openFoghorn, type TestFoghorn } from './foghorn.ts'

export const PASSWORD = 'correct horse battery'

export interface Account {
  email: string
  user_id: string
  tenant_id: string
  token: string
}

/** Commodore over a database of its own, beside a real Quartermaster that the test may cut off. */
export interface TestCommodore extends Door, AsyncDisposable {
  quartermaster: TestQuartermaster
  foghorn: TestFoghorn
  routing: Routing
  db: Database<Tables>
  encryption: Encryption
  /** By which another process opens the same. */
  variables: Record<'DATABASE_URL' | 'DATABASE_WS_PROXY' | 'ENCRYPTION_KEYS', string>
  /** The database owner's connection, for what the service itself may not do. */
  owner: Pool
  jobs: Jobs
  /** The addresses of names that webhooks are posted to. */
  hosts: Map<string, string[]>
  cutOff(isCutOff: boolean): void
  /** How often Quartermaster was asked. */
  asked(): number
  /** A client by which `service` calls Commodore. */
  clientOf(service: string): Client
  account(name: string): Promise<Account>
  /** Every mail that was sent, the newest last. */
  mails: Mail[]
  /** Does what waits in the outbox. */
  deliver(): Promise<void>
  /** Removes what has run out. */
  sweep(): Promise<void>
  /** The token in the newest mail to an address, once the outbox is done. */
  mailedTo(email: string): Promise<string>
  login(email: string): Promise<z.infer<typeof LoginResponse>>
  apiToken(account: Account, scopes: z.infer<typeof ApiToken>['scopes']): Promise<z.infer<typeof CreatedApiToken>>
  stream(account: Account): Promise<z.infer<typeof CreatedStream>>
}

/** The token of the link in a mail. */
export function tokenIn(text: string): string {
  return /#token=(\w+)/.exec(text)?.[1] ?? ''
}

export async function openCommodore(): Promise<TestCommodore> {
  const quartermaster = await openQuartermaster()
  const { identities, now: clock } = quartermaster
  const database = await freshDatabase()
  await database.migrate({ schema: 'commodore', folder: new URL('../migrations/', import.meta.url) })
  const db = openDatabase<Tables>(database.pool(database.urlAs('commodore')))
  const variables = {
    DATABASE_URL: database.urlAs('commodore'),
    DATABASE_WS_PROXY: database.wsProxy,
    ENCRYPTION_KEYS: newEncryptionKeys('k1'),
  }
  const encryption = createEncryption(encryptionVariables.parse(variables).ENCRYPTION_KEYS)
  const { keys: others } = identities.keySet
  const ring = openKeyRing({ db, encryption, first: identities.keyOf('commodore'), others, clock })
  const { signer, keySet } = ring
  const log = createLog('commodore')
  const hosts = new Map<string, string[]>()
  const webhooks = { allowLoopback: true, resolve: async (name: string) => hosts.get(name) ?? [] }
  let isCutOff = false
  let asked = 0
  const client: Client = {
    service: 'quartermaster',
    baseUrl: new URL('http://quartermaster.test'),
    token: createServiceTokens(signer, 'quartermaster', clock),
    fetch: async (request) => {
      asked++
      if (isCutOff) throw new TypeError('fetch failed')
      return quartermaster.fetch(request)
    },
  }
  const foghorn = openFoghorn()
  const routing = createRouting(client, clock)
  const standings = createStandings(db, clock)
  const { registry, observe } = createHttpMetrics('commodore')
  const app = createApi({
    log,
    clock,
    authenticate: createAuthenticate({
      verify: createVerifier({ keys: keySet, service: 'commodore', clock }),
      confirmUser: async (user) => toUser(user, await standings.of(user)),
      verifyApiToken: async (token) => toActor(await judge(db, clock, token), clock),
    }),
    deps: {
      db,
      signer,
      encryption,
      webhooks,
      keySet,
      quartermaster: client,
      foghorn: foghorn.client,
      routing,
      standings,
    },
    metrics: registry,
    observe,
    trustedProxies: 1,
  })
  const mails: Mail[] = []
  const jobs = createJobs({
    db,
    clock,
    log,
    encryption,
    ring,
    webhooks,
    routing,
    foghorn: foghorn.client,
    mailer: { send: async (mail) => void mails.push(mail) },
    appUrl: new URL('https://app.test'),
  })
  const deliver = async () => jobs.outbox?.run(AbortSignal.timeout(10_000))
  const mailedTo = async (email: string) => {
    await deliver()
    return tokenIn(mails.findLast(({ to }) => to === email)?.text ?? '')
  }
  const door: Door = { fetch: (request) => app.fetch(request) }
  const login = (email: string) =>
    receive(LoginResponse, send(door, 'POST /auth/login', { body: { email, password: PASSWORD } }))
  return {
    ...door,
    quartermaster,
    foghorn,
    routing,
    db,
    encryption,
    variables,
    owner: database.pool(),
    jobs,
    hosts,
    asked: () => asked,
    cutOff: (cut) => {
      isCutOff = cut
    },
    clientOf: (service) => ({
      service: 'commodore',
      baseUrl: new URL('http://commodore.test'),
      token: () => identities.service(service, 'commodore'),
      fetch: door.fetch,
    }),
    account: async (name) => {
      const email = `${name}@example.com`
      await send(door, 'POST /auth/register', { body: { email, password: PASSWORD, tenant_name: name } })
      await send(door, 'POST /auth/verify-email', { body: { token: await mailedTo(email) } })
      const { access_token, user, tenant } = await login(email)
      return { email, user_id: user.id, tenant_id: tenant.id, token: access_token }
    },
    mails,
    deliver,
    sweep: async () => jobs.sweep?.run(AbortSignal.timeout(10_000)),
    mailedTo,
    login,
    apiToken: (account, scopes) =>
      receive(CreatedApiToken, send(door, 'POST /api-tokens', { token: account.token, body: { name: 'ci', scopes } })),
    stream: (account) =>
      receive(CreatedStream, send(door, 'POST /streams', { token: account.token, body: { title: 'Regatta' } })),
    [Symbol.asyncDispose]: async () => {
      await db[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
      await quartermaster[Symbol.asyncDispose]()
    },
  }
}
