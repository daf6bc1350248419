import { parseArgs } from 'node:util'
import { configureLog, createLog } from '../../../shared/log.ts'
import { readConfig } from '../config.ts'
import { NAME, openStores } from '../stores.ts'
import { listDeadLetters, replayDeadLetters } from './dead-letters.ts'

const USAGE = `npm run dead-letters -- list|replay [--reason CODE] [--type EVENT_TYPE] [--tenant ID] [--from TIME] [--to TIME]
  list     what could not be stored and waits, oldest first
  replay   puts it into the log again; safe to repeat and to break off
The environment is that of Periscope Ingest; see its README.
`

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      reason: { type: 'string' },
      type: { type: 'string' },
      tenant: { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
    },
  })
  const { reason, type: event_type, tenant: tenant_id, from, to } = values
  for (const time of [from, to]) if (time && Number.isNaN(Date.parse(time))) throw new Error(`${time} is no time.`)
  await run(positionals.join(' '), { reason, event_type, tenant_id, from, to })
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

async function run(command: string, filter: Parameters<typeof listDeadLetters>[1]): Promise<void> {
  if (command !== 'list' && command !== 'replay') throw new Error(USAGE)
  configureLog({ pretty: true, level: 'warning', write: (line) => process.stderr.write(line) })
  await using stores = await openStores(readConfig(process.env), createLog(NAME))
  if (command === 'replay') {
    process.stdout.write(`${await replayDeadLetters(stores, filter)} put into the log again.\n`)
    return
  }
  for (const letter of await listDeadLetters(stores.clickhouse, filter)) {
    const { logged_at, dead_from, event_type, tenant_id, reason, detail } = letter
    process.stdout.write(`${[logged_at, dead_from, event_type, tenant_id || '-', reason, detail].join('  ')}\n`)
  }
}
