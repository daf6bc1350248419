// biome-ignore-all lint/style/noRestrictedImports: only tests import this file.
import { createClient } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import { serve } from '@hono/node-server'
import { EVENTS_TOPIC, TOPIC_PARTITIONS } from '../../../shared/contract/decklog.ts'
import { StoredEvent } from '../../../shared/events/envelope.ts'
import { HOST_HEARD } from '../../../shared/events/host-heard.ts'
import { createAuthenticate } from '../../../shared/http/authenticate.ts'
import { createHttpMetrics } from '../../../shared/http/metrics.ts'
import { createVerifier } from '../../../shared/identity/verifier.ts'
import { newId } from '../../../shared/ids.ts'
import type { ConsumedRecord } from '../../../shared/kafka/event-log.ts'
import { PostgresEventLog } from '../../../shared/kafka/postgres/postgres-event-log.ts'
import { createLog } from '../../../shared/log.ts'
import { DecklogService, Status } from '../../../shared/proto/decklog_pb.ts'
import { createIdentities, type Identities } from '../../../shared/testing/identities.ts'
import { freshDatabase } from '../../../shared/testing/postgres.ts'
import { createApi } from '../api.ts'
import { Gate } from '../events/gate.ts'
import { Marks } from '../events/marks.ts'
import { createOwners } from '../owners/owners.ts'
import { message, type Sent } from './events.ts'

export const NOW = new Date('2026-11-24T01:00:00.000Z')

/** A platform cluster with a node, a private cluster, and a stream `live+regatta` of a tenant. */
export const platform = { tenant: newId('tenant'), cluster: newId('cluster') }
export const privateCluster = { tenant: newId('tenant'), cluster: newId('cluster') }
export const mine = { tenant_id: newId('tenant'), stream_id: newId('stream') }
export const node = newId('node')

interface Published extends ConsumedRecord {
  event: StoredEvent
  text: string
}

/** Decklog on a port of its own, over an event log of its own. */
export interface TestDecklog extends AsyncDisposable {
  url: string
  gate: Gate
  identities: Identities
  /** Whether Commodore and Quartermaster answer. */
  controlPlane: 'up' | 'down'
  /** Sends a batch to the Connect door, as a host of the platform cluster unless a token says otherwise. */
  publish(
    batch: Sent[],
    token?: string,
    useBinaryFormat?: boolean,
  ): Promise<{ eventId: string; accepted: boolean; reason: string }[]>
  /** Sends a body to the REST door. */
  produce(records: unknown, token: string, path?: string): Promise<Response>
  /** The records that are new since the last call. */
  published(): Promise<Published[]>
  /** Marks of hosts among all that was read so far. */
  marks: ConsumedRecord[]
}

export async function openTestDecklog(): Promise<TestDecklog> {
  const clock = () => NOW
  const database = await freshDatabase()
  const folder = new URL('../../../shared/kafka/postgres/migrations/', import.meta.url)
  await database.migrate({ schema: 'event_log', folder })
  const events = new PostgresEventLog(database.pool(database.urlAs('event_log')))
  await events.ensureTopic(EVENTS_TOPIC, { partitions: TOPIC_PARTITIONS })
  const identities = await createIdentities(clock)
  const gate = new Gate()

  /** The control plane's two look-ups, as their contracts say. */
  function answer(request: Request): Response {
    if (decklog.controlPlane === 'down') throw new TypeError('fetch failed')
    if (request.url.endsWith('/streams/resolve')) {
      return Response.json({ streams: [{ ...mine, internal_name: 'regatta', playback_id: 'p' }] })
    }
    return Response.json({
      clusters: [
        { cluster_id: platform.cluster, kind: 'platform', owner_tenant_id: platform.tenant },
        { cluster_id: privateCluster.cluster, kind: 'private', owner_tenant_id: privateCluster.tenant },
      ],
    })
  }

  const client = (service: string) => ({ service, baseUrl: new URL(`http://${service}.test`), fetch: answer })
  const { registry, observe } = createHttpMetrics('decklog')
  const app = createApi({
    log: createLog('decklog'),
    clock,
    authenticate: createAuthenticate({
      verify: createVerifier({ keys: identities.keySet, service: 'decklog', clock }),
    }),
    deps: {
      events,
      owners: createOwners({ commodore: client('commodore'), quartermaster: client('quartermaster'), clock }),
      gate,
      marks: new Marks(),
      count: () => undefined,
    },
    metrics: registry,
    observe,
    checks: {},
  })
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`

  const decklog: TestDecklog = {
    url,
    gate,
    identities,
    controlPlane: 'up',
    marks: [],
    publish: async (batch, token, useBinaryFormat = true) => {
      const transport = createConnectTransport({ baseUrl: url, httpVersion: '1.1', useBinaryFormat })
      const authorization = `Bearer ${token ?? (await identities.node(platform.cluster, node))}`
      const { verdicts } = await createClient(DecklogService, transport).publishEvents(
        { events: batch.map(message) },
        { headers: { authorization } },
      )
      return verdicts.map(({ eventId, status, reason }) => {
        return { eventId, accepted: status === Status.ACCEPTED, reason }
      })
    },
    produce: (records, token, path = '/produce/analytics_events') =>
      fetch(url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(records),
      }),
    published: async () => {
      const seen: ConsumedRecord[] = []
      const of = { topic: EVENTS_TOPIC, group: 'test', batch_records_max: 1_000, batch_wait_ms: 1 }
      await using consumer = events.consume(of, async (batch) => {
        seen.push(...batch)
      })
      await consumer.drained()
      const isMark = ({ headers }: ConsumedRecord) => headers.event_type === HOST_HEARD
      decklog.marks.push(...seen.filter(isMark))
      return seen
        .filter((record) => !isMark(record))
        .map((record) => {
          const text = Buffer.from(record.value).toString()
          return { ...record, text, event: StoredEvent.parse(JSON.parse(text)) }
        })
    },
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve))
      await events[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
  return decklog
}
