import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startKafka } from './server.ts'

const DIR = fileURLToPath(new URL('../../../.local/kafka', import.meta.url))
const PORT = 9092

const say = (line: string) => process.stdout.write(`${line}\n`)

try {
  say('Starting Apache Kafka (a first start fetches it with Maven)')
  const kafka = await startKafka({ dir: DIR, port: PORT })
  say(`KAFKA_BROKERS=${kafka.brokers.join(',')}   process ${kafka.pid}; Ctrl-C stops it`)
  const asked = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await Promise.race([asked, kafka.exited.then(() => Promise.reject(new Error('Apache Kafka ended by itself')))])
  await kafka.stop()
  say('Stopped')
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
