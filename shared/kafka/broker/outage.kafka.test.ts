import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startKafka } from '../../../stacks/local/kafka/server.ts'
import { freePort } from '../../testing/port.ts'
import { describeOutage } from '../event-log-outage.contract.ts'
import { KafkaEventLog } from './kafka-event-log.ts'

describeOutage('Apache Kafka', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kafka-outage-'))
  const port = await freePort()
  let server = await startKafka({ dir, port })
  const { brokers } = server
  return {
    open: (report) => new KafkaEventLog({ brokers, client_id: 'outage', session_timeout_ms: 2_000, report }),
    kill: () => server.kill(),
    restart: async () => {
      server = await startKafka({ dir, port })
    },
    [Symbol.asyncDispose]: async () => {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
})
