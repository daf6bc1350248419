import { openPool } from '../postgres/pool.ts'
import { KafkaEventLog } from './broker/kafka-event-log.ts'
import type { EventLog } from './event-log.ts'
import { PostgresEventLog } from './postgres/postgres-event-log.ts'

/** How a process of its own reaches the engine under test. */
export type EngineAddress =
  | { engine: 'kafka'; brokers: string[]; session_timeout_ms: number }
  | { engine: 'postgres'; url: string; wsProxy: string; lease_ms: number }

export interface CrashPlan {
  address: EngineAddress
  topic: string
  group: string
  /** The value at which the member stops answering, to be killed there. */
  hold_at: string
}

export function openEventLog(address: EngineAddress): EventLog {
  if (address.engine === 'kafka') {
    const { brokers, session_timeout_ms } = address
    return new KafkaEventLog({ brokers, client_id: 'contract', session_timeout_ms })
  }
  const { url, wsProxy, lease_ms } = address
  return new PostgresEventLog(openPool(url, { wsProxy }), { lease_ms })
}

/** Consumes one record a batch, says each on its own line, and never finishes the planned one. */
function run({ address, topic, group, hold_at }: CrashPlan): void {
  const log = openEventLog(address)
  const consumer = log.consume({ topic, group, batch_records_max: 1, batch_wait_ms: 0 }, async ([record]) => {
    const value = Buffer.from(record?.value ?? []).toString()
    process.stdout.write(`${value}\n`)
    if (value === hold_at) await new Promise(() => undefined)
  })
  consumer.done.catch((error: unknown) => process.stderr.write(`${error}\n`))
}

const plan = process.env.CRASH_PLAN
if (plan && import.meta.main) run(JSON.parse(plan))
