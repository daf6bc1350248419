import { readConfig } from './config.ts'
import { migrateAnalytics, migratePostgres } from './migrate.ts'
import { schemas } from './schemas.ts'

/** `npm run migrate`: brings Postgres and ClickHouse up to date before a deployment; ends with 1, and stops it, when one fails. */
const { config, secrets } = readConfig(process.env)
const say = (text: string) => process.stdout.write(`${text}\n`)
const roleUrls = {
  commodore: secrets.COMMODORE_DATABASE_URL,
  quartermaster: secrets.QUARTERMASTER_DATABASE_URL,
  periscope: secrets.PERISCOPE_DATABASE_URL,
}

try {
  const applied = [
    ...(await migratePostgres({
      ownerUrl: secrets.DATABASE_OWNER_URL,
      wsProxy: config.wsProxy,
      schemas: {
        commodore: planOf('commodore'),
        quartermaster: planOf('quartermaster'),
        periscope: planOf('periscope'),
      },
    })),
    ...(await migrateAnalytics({
      url: secrets.CLICKHOUSE_URL,
      user: config.CLICKHOUSE_USER,
      password: secrets.CLICKHOUSE_PASSWORD,
      database: config.CLICKHOUSE_DATABASE,
    })),
  ]
  for (const name of applied) say(name)
  say(applied.length === 0 ? 'Everything is up to date.' : `${applied.length} migrations applied.`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\nNothing is to be deployed.\n`)
  process.exitCode = 1
}

/** The password of a service's role is the one in its own connection string. */
function planOf(schema: keyof typeof schemas) {
  return { folder: schemas[schema], password: decodeURIComponent(new URL(roleUrls[schema]).password) }
}
