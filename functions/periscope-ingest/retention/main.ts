import { openClickHouse } from '../../../shared/clickhouse/client.ts'
import { openDatabase } from '../../../shared/postgres/database.ts'
import { openPool } from '../../../shared/postgres/pool.ts'
import { readConfig } from '../config.ts'
import type { Tables } from '../state/tables.ts'
import { NAME } from '../stores.ts'
import { keepFacts, listRetention } from './facts.ts'
import { forgetTenant } from './forget-tenant.ts'

const USAGE = `npm run retention -- show | facts DAYS | forget TENANT_ID
  show     for how many days each table keeps its rows
  facts    keeps facts for so many days from now on
  forget   deletes everything of a tenant, and stores nothing of it any more; takes two minutes and longer
The environment is that of Periscope Ingest; see its README.
`
/** A deletion rewrites every part that holds something of the tenant. */
const DELETION_SECONDS_MAX = 60 * 60

try {
  await run(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

async function run([command, argument, ...more]: string[]): Promise<void> {
  const complete = command === 'show' ? argument === undefined : Boolean(argument)
  if (!complete || more.length > 0) throw new Error(USAGE)
  const { config, secrets } = readConfig(process.env)
  await using clickhouse = openClickHouse(
    {
      url: config.CLICKHOUSE_URL,
      user: config.CLICKHOUSE_USER,
      password: secrets.CLICKHOUSE_PASSWORD,
      database: config.CLICKHOUSE_DATABASE,
    },
    { maxExecutionSeconds: DELETION_SECONDS_MAX },
  )
  if (command === 'show') {
    for (const { name, days } of await listRetention(clickhouse)) {
      process.stdout.write(`${name.padEnd(24)}${days === null ? 'for good' : `${days} days`}\n`)
    }
  } else if (command === 'facts') await keepFacts(clickhouse, Number(argument))
  else if (command === 'forget') {
    const pool = openPool(secrets.DATABASE_URL, { wsProxy: config.DATABASE_WS_PROXY, applicationName: NAME })
    await using db = openDatabase<Tables>(pool)
    await forgetTenant({ clickhouse, db }, String(argument))
  } else throw new Error(USAGE)
}
