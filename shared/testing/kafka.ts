import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startKafka } from '../../stacks/local/kafka/server.ts'

export interface TestKafka extends AsyncDisposable {
  brokers: string[]
  /** The shortest time-out of a group's member that the brokers take. */
  session_timeout_ms: number
}

/** The brokers of KAFKA_BROKERS, or else a broker of our own in a temporary folder. */
export async function kafkaForTests(): Promise<TestKafka> {
  const given = process.env.KAFKA_BROKERS
  if (given) {
    return { brokers: given.split(','), session_timeout_ms: 6_000, [Symbol.asyncDispose]: async () => undefined }
  }
  const dir = await mkdtemp(join(tmpdir(), 'kafka-'))
  const server = await startKafka({ dir })
  return {
    brokers: server.brokers,
    session_timeout_ms: 2_000,
    [Symbol.asyncDispose]: async () => {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
