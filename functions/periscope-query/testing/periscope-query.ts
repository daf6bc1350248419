import type { ClickHouse } from '../../../shared/clickhouse/client.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { createAuthenticate } from '../../../shared/http/authenticate.ts'
import { createHttpMetrics } from '../../../shared/http/metrics.ts'
import { createVerifier } from '../../../shared/identity/verifier.ts'
import { createLog } from '../../../shared/log.ts'
import { openDatabase } from '../../../shared/postgres/database.ts'
import type { Door } from '../../../shared/testing/api.ts'
import { createIdentities, type Identities } from '../../../shared/testing/identities.ts'
import { ingest } from '../../periscope-ingest/ingest/ingest.ts'
import { marksOf, toValue } from '../../periscope-ingest/testing/events.ts'
import { openTestStores, type TestStores } from '../../periscope-ingest/testing/stores.ts'
import { createApi } from '../api.ts'
import type { Deps } from '../deps.ts'
import { rollUp } from '../rollups/roll-up.ts'
import type { QuestionLimits } from '../rows/limits.ts'
import { createKnownStreams } from '../streams/known.ts'
import type { Tables } from '../tables.ts'

/** Periscope Query over stores that are filled by Periscope Ingest; the test says what Commodore knows and what time it is. */
export interface TestPeriscopeQuery extends Door, AsyncDisposable {
  identities: Identities
  stores: QueryStores
  /** Streams that Commodore knows, and their tenants. */
  streams: Map<string, string>
  at(time: string): void
  /** Lets each question cost so much from now on. */
  allow(limits: QuestionLimits): void
  /** Changes the text of each query before ClickHouse gets it. */
  tamper(change: (sql: string) => string): void
  store(events: readonly StoredEvent[]): Promise<void>
  /** Rolls up all that is due, as if nothing were stamped too early. */
  rollUp(): Promise<void>
}

/** Periscope Query over stores of its own. */
export async function openTestPeriscopeQuery(): Promise<TestPeriscopeQuery> {
  return openPeriscopeQueryOver(await openTestStores())
}

/** Stores that are migrated. */
export type QueryStores = Pick<TestStores, 'clickhouse' | 'db' | 'target'> & {
  database: Pick<TestStores['database'], 'pool' | 'urlAs'>
} & AsyncDisposable

/** The same over stores that are there; they close with it. */
export async function openPeriscopeQueryOver(stores: QueryStores): Promise<TestPeriscopeQuery> {
  let now = new Date('2026-11-24T01:00:00.000Z')
  const clock = () => now
  const { database } = stores
  let change = (sql: string) => sql
  const clickhouse: ClickHouse = {
    ...stores.clickhouse,
    query: (sql, params, settings) => stores.clickhouse.query(change(sql), params, settings),
  }
  const db = openDatabase<Tables>(database.pool(database.urlAs('periscope')))
  const identities = await createIdentities(clock)
  const streams = new Map<string, string>()
  const commodore = {
    service: 'commodore',
    baseUrl: new URL('http://commodore.test'),
    fetch: async (request: Request) => {
      const asked = (await request.json()) as { stream_ids: string[] }
      const known = asked.stream_ids.filter((stream_id) => streams.has(stream_id))
      const answer = known.map((stream_id) => {
        return { stream_id, tenant_id: streams.get(stream_id), internal_name: stream_id, playback_id: 'p' }
      })
      return Response.json({ streams: answer })
    },
  }
  const deps: Deps = { clickhouse, db, streams: createKnownStreams(commodore, clock) }
  const { registry, observe } = createHttpMetrics('periscope-query')
  const app = createApi({
    log: createLog('periscope-query'),
    clock,
    authenticate: createAuthenticate({
      verify: createVerifier({ keys: identities.keySet, service: 'periscope-query', clock }),
    }),
    deps,
    metrics: registry,
    observe,
  })
  return {
    identities,
    stores,
    streams,
    at: (time) => {
      now = new Date(time)
    },
    allow: (limits) => {
      deps.limits = limits
    },
    tamper: (wanted) => {
      change = wanted
    },
    store: async (events) => {
      const { failures } = await ingest(stores, [...events.map(toValue), ...marksOf(events)])
      if (failures.length > 0) throw new Error(failures[0]?.fault.message)
    },
    rollUp: () => rollUp({ clickhouse: stores.clickhouse, clock, stampedEarlyMs: -1 }, new AbortController().signal),
    fetch: (request) => app.fetch(request),
    [Symbol.asyncDispose]: async () => {
      await db[Symbol.asyncDispose]()
      await stores[Symbol.asyncDispose]()
    },
  }
}
