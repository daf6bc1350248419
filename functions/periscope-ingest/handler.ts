import { systemClock } from '../../shared/clock.ts'
import { linkedStage, withLinkedSecrets } from '../../shared/linked/lambda.ts'
import { configureLog, createLog } from '../../shared/log.ts'
import { toEmbedded } from '../../shared/metrics/figures.ts'
import { readConfig } from './config.ts'
import { handleKafkaEvent } from './ingest/lambda.ts'
import { NAME, openStores } from './stores.ts'

const SECRETS = {
  DATABASE_URL: 'PeriscopeDatabaseUrl',
  CLICKHOUSE_URL: 'ClickHouseUrl',
  CLICKHOUSE_PASSWORD: 'ClickHousePassword',
}

const write = (line: string) => process.stdout.write(line)
configureLog({ pretty: false, level: 'info', write })
const log = createLog(NAME)
const stores = await openStores(readConfig(withLinkedSecrets(process.env, SECRETS)), log)
const source = { service: NAME, stage: linkedStage() } as const

/** Periscope Ingest on Lambda, fed by an event source mapping that reports batch item failures. */
export const handler = (event: unknown) =>
  handleKafkaEvent({ ...stores, log, tell: (figures) => write(toEmbedded(source, figures, systemClock())) }, event)
