import { withLinkedSecrets } from '../../shared/linked/lambda.ts'
import { configureLog, createLog } from '../../shared/log.ts'
import { readConfig } from './config.ts'
import { handleKafkaEvent } from './ingest/lambda.ts'
import { NAME, openStores } from './stores.ts'

const SECRETS = {
  DATABASE_URL: 'PeriscopeDatabaseUrl',
  CLICKHOUSE_URL: 'ClickHouseUrl',
  CLICKHOUSE_PASSWORD: 'ClickHousePassword',
}

configureLog({ pretty: false, level: 'info', write: (line) => process.stdout.write(line) })
const log = createLog(NAME)
const stores = await openStores(readConfig(withLinkedSecrets(process.env, SECRETS)), log)

/** Periscope Ingest on Lambda, fed by an event source mapping that reports batch item failures. */
export const handler = (event: unknown) => handleKafkaEvent({ ...stores, log }, event)
