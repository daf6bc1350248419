import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createDoor } from './door.ts'
import { openEngine } from './engine.ts'
import { openExchange } from './exchange.ts'

/**
 * ClickHouse in a process of its own: `node server.ts --data <folder> --port <port>`, password in CLICKHOUSE_PASSWORD.
 * Prints `ready <port>`; ends when its input does, so that it never outlives whoever started it.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { data: { type: 'string' }, port: { type: 'string', default: '0' } } })
  const password = process.env.CLICKHOUSE_PASSWORD
  if (values.data === undefined || !password) throw new Error('--data and CLICKHOUSE_PASSWORD are required')
  const ended = Promise.race([once(process.stdin.resume(), 'end'), once(process, 'SIGTERM'), once(process, 'SIGINT')])

  await using engine = await openEngine(join(values.data, 'store'))
  const exchange = await openExchange(join(values.data, 'exchange'))
  const server = createDoor({ engine, exchange }, { user: 'default', password })
  server.listen(Number(values.port), '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  process.stdout.write(`ready ${typeof address === 'object' ? address?.port : ''}\n`)

  await ended
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  await closed
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'unknown error'}\n`)
  process.exitCode = 1
} finally {
  // An open input would keep the process.
  process.stdin.destroy()
}
