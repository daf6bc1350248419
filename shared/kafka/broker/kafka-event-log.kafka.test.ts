import { kafkaForTests } from '../../testing/kafka.ts'
import { describeEventLog } from '../event-log.contract.ts'

describeEventLog('Apache Kafka', async () => {
  const { brokers, session_timeout_ms, ...kafka } = await kafkaForTests()
  return { address: { engine: 'kafka', brokers, session_timeout_ms }, ...kafka }
})
