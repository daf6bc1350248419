import { configureLog, createLog } from '../../../shared/log.ts'
import { readConfig } from '../config.ts'
import { NAME, openStores } from '../stores.ts'
import { readCommand } from './command.ts'
import { listDeadLetters, replayDeadLetters } from './dead-letters.ts'

try {
  const { command, filter } = readCommand(process.argv.slice(2))
  configureLog({ pretty: true, level: 'warning', write: (line) => process.stderr.write(line) })
  await using stores = await openStores(readConfig(process.env), createLog(NAME))
  if (command === 'replay') {
    process.stdout.write(`${await replayDeadLetters(stores, filter)} put into the log again.\n`)
  } else {
    for (const letter of await listDeadLetters(stores.clickhouse, filter)) {
      const { logged_at, dead_from, event_type, tenant_id, reason, detail } = letter
      process.stdout.write(`${[logged_at, dead_from, event_type, tenant_id || '-', reason, detail].join('  ')}\n`)
    }
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
