import { KafkaClient } from '@aws-sdk/client-kafka'
import { generateAuthToken } from 'aws-msk-iam-sasl-signer-js'
import { z } from 'zod'
import type { Fault } from '../fault.ts'
import { openPool } from '../postgres/pool.ts'
import { KafkaEventLog } from './broker/kafka-event-log.ts'
import { mskBrokers, mskSasl, parseBrokers } from './broker/msk.ts'
import type { EventLog } from './event-log.ts'
import { PostgresEventLog } from './postgres/postgres-event-log.ts'

const ARN = /^arn:aws[\w-]*:kafka:([\w-]+):\d+:cluster\//

/** Where the event log is: an MSK cluster by its ARN, any Kafka by its brokers, or a Postgres by its URL; one of them. */
export const eventLogVariables = {
  KAFKA_CLUSTER_ARN: z.string().regex(ARN, 'is not the ARN of an MSK cluster').optional(),
  KAFKA_BROKERS: z
    .string()
    .regex(/^[\w.-]+:\d{1,5}(,[\w.-]+:\d{1,5})*$/, 'is not host:port,host:port')
    .optional(),
  EVENT_LOG_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'is not a postgres:// URL' }).optional(),
}

interface EventLogAddress {
  KAFKA_CLUSTER_ARN?: string | undefined
  KAFKA_BROKERS?: string | undefined
  EVENT_LOG_URL?: string | undefined
}

/** Whether exactly one place is named; use it in a `refine` over the variables, with `eventLogProblem`. */
export function namesOneEventLog({ KAFKA_CLUSTER_ARN, KAFKA_BROKERS, EVENT_LOG_URL }: EventLogAddress): boolean {
  return [KAFKA_CLUSTER_ARN, KAFKA_BROKERS, EVENT_LOG_URL].filter((place) => place !== undefined).length === 1
}

export const eventLogProblem = {
  path: ['EVENT_LOG_URL'],
  error: 'set exactly one of KAFKA_CLUSTER_ARN, KAFKA_BROKERS and EVENT_LOG_URL',
}

interface OpenOptions {
  /** Names the caller in the brokers' logs. */
  client_id: string
  /** `host:port` of the WebSocket proxy before a Postgres that has none of its own. */
  wsProxy?: string | undefined
  report: (fault: Fault) => void
}

/** Opens the event log that the variables name. It owns its connections. */
export async function openEventLog(address: EventLogAddress, options: OpenOptions): Promise<EventLog> {
  const { client_id, report, wsProxy } = options
  const { KAFKA_CLUSTER_ARN: arn, KAFKA_BROKERS: brokers, EVENT_LOG_URL: url = '' } = address
  if (arn !== undefined) {
    const region = ARN.exec(arn)?.[1] ?? ''
    const sasl = mskSasl(() => generateAuthToken({ region }))
    return new KafkaEventLog({
      brokers: await mskBrokers(new KafkaClient({ region }), arn),
      client_id,
      tls: true,
      sasl,
      report,
    })
  }
  if (brokers !== undefined) return new KafkaEventLog({ brokers: parseBrokers(brokers), client_id, report })
  return new PostgresEventLog(openPool(url, { wsProxy, applicationName: client_id }), { report })
}
