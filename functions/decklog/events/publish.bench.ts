import { ProduceAcks, Producer } from '@platformatic/kafka'
import type { Context } from '../../../shared/context.ts'
import { EVENTS_TOPIC, TOPIC_PARTITIONS } from '../../../shared/contract/decklog.ts'
import { eventId, newId } from '../../../shared/ids.ts'
import { KafkaEventLog } from '../../../shared/kafka/broker/kafka-event-log.ts'
import type { EventLog, EventRecord } from '../../../shared/kafka/event-log.ts'
import { createLog } from '../../../shared/log.ts'
import { compare } from '../../../shared/testing/compare.ts'
import { kafkaForTests } from '../../../shared/testing/kafka.ts'
import { createOwners } from '../owners/owners.ts'
import { ended } from '../testing/events.ts'
import type { Candidate } from './check.ts'
import { Gate } from './gate.ts'
import { Marks } from './marks.ts'
import { type PublishDeps, publish } from './publish.ts'

const BATCH_EVENTS = 500
/** How many hosts ship at once. */
const SENDERS = 8
const BATCHES_EACH = 5
const tenant_id = newId('tenant')
const cluster_id = newId('cluster')

/** Hosts that send, and streams on them. */
const sizes = [
  { nodes: 1, streams: 100 },
  { nodes: 10, streams: 1_000 },
  { nodes: 100, streams: 10_000 },
]

await using kafka = await kafkaForTests()
await using log = new KafkaEventLog({ brokers: kafka.brokers, client_id: 'bench' })
await log.ensureTopic(EVENTS_TOPIC, { partitions: TOPIC_PARTITIONS })

/** What Decklog sends, kept so that the bare client sends the very same. */
let sent: EventRecord[] = []
const events: EventLog = {
  ensureTopic: (topic, options) => log.ensureTopic(topic, options),
  consume: (of, handler) => log.consume(of, handler),
  lag: (of) => log.lag(of),
  partitions: (topic) => log.partitions(topic),
  produce: (topic, records) => {
    sent.push(...records)
    return log.produce(topic, records)
  },
  [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
}

const resolve = async (request: Request) => {
  const { internal_names = [], cluster_ids = [] } = (await request.json()) as Record<string, string[]>
  return Response.json({
    streams: internal_names.map((name) => ({
      internal_name: name,
      stream_id: newId('stream'),
      tenant_id,
      playback_id: name,
    })),
    clusters: cluster_ids.map((cluster_id) => ({ cluster_id, kind: 'platform', owner_tenant_id: tenant_id })),
  })
}
const client = (service: string) => ({ service, baseUrl: new URL(`http://${service}.test`), fetch: resolve })
const now = () => new Date()
const deps: Omit<Context, 'actor'> & PublishDeps = {
  now,
  log: createLog('bench'),
  request_id: 'bench',
  events,
  owners: createOwners({ commodore: client('commodore'), quartermaster: client('quartermaster'), clock: now }),
  gate: new Gate(),
  marks: new Marks(),
  count: () => undefined,
}

const producer = new Producer<string, Buffer, string, string>({
  clientId: 'bare',
  bootstrapBrokers: kafka.brokers,
  idempotent: true,
  serializers: { key: toBuffer, value: (value) => value, headerKey: toBuffer, headerValue: toBuffer },
})

interface Batch {
  node_id: string
  candidates: Candidate[]
}

for (const { nodes, streams } of sizes) {
  const hosts = Array.from({ length: nodes }, () => newId('node'))
  /** Made off the clock: to name events and to write them is their host's work. */
  let batches: Batch[] = []
  await compare({
    name: `events of ${nodes} hosts and ${streams} streams published to Kafka`,
    unit: 'events',
    prepare: () => {
      batches = Array.from({ length: SENDERS * BATCHES_EACH }, (_, i) => batch(hosts[i % nodes] ?? '', i, streams))
    },
    ours: async () => {
      sent = []
      await inParallel(async () => {
        const { node_id, candidates } = batches.pop() ?? { node_id: '', candidates: [] }
        await publish({ ...deps, actor: { kind: 'node', node_id, cluster_id } }, candidates)
      })
      return SENDERS * BATCHES_EACH * BATCH_EVENTS
    },
    bare: async () => {
      const records = sent.values()
      const next = () =>
        Array.from({ length: BATCH_EVENTS }, () => records.next().value).filter((record) => record !== undefined)
      await inParallel(async () => {
        const messages = next().map(({ key, value, headers }) => ({
          topic: EVENTS_TOPIC,
          key,
          value: Buffer.from(value),
          headers,
        }))
        await producer.send({ messages, acks: ProduceAcks.ALL, compression: 'zstd' })
      })
      return SENDERS * BATCHES_EACH * BATCH_EVENTS
    },
  })
  const megabytes = Math.round(process.memoryUsage.rss() / 2 ** 20)
  process.stdout.write(`  memory of this process, both sides in it: ${megabytes} MB\n`)
}
await producer.close()

async function inParallel(step: () => Promise<void>): Promise<void> {
  const lane = async () => {
    for (let i = 0; i < BATCHES_EACH; i++) await step()
  }
  await Promise.all(Array.from({ length: SENDERS }, lane))
}

function batch(node_id: string, number: number, streams: number): Batch {
  const occurred_at = new Date().toISOString()
  const candidates = Array.from({ length: BATCH_EVENTS }, (_, i) => {
    const event_id = eventId('nod_bench', i, crypto.randomUUID())
    const data = JSON.stringify(ended)
    const stream_name = `live+s${(number * BATCH_EVENTS + i) % streams}`
    const envelope = { event_id, event_type: 'stream-end', stream_name, occurred_at }
    const read = () => ({ ...envelope, source: 'helmsman', schema_version: 1, data: JSON.parse(data) })
    return { event_id, bytes: data.length, read }
  })
  return { node_id, candidates }
}

function toBuffer(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(text)
}
