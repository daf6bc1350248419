import { type BaseOptions, CompressionAlgorithms, type SASLOptions } from '@platformatic/kafka'
import type { Fault } from '../../fault.ts'

export const CONNECT_TIMEOUT_MS = 2_000
export const REQUEST_TIMEOUT_MS = 10_000
/** Attempts after the first within one operation of the client, and the pause between them: enough for a new leader. */
export const RETRIES_MAX = 10
export const RETRY_PAUSE_MS = 200
/** A produce call answers within this time, durable or not. */
export const PRODUCE_DEADLINE_MS = 15_000
/** A member that sends no heartbeat for this long loses its partitions to the rest of the group. */
export const SESSION_TIMEOUT_MS = 10_000
/** How long the broker holds a fetch that finds nothing new. */
export const FETCH_WAIT_MS = 500
export const FETCH_BYTES_MAX = 8 * 1024 * 1024
/** Leaving a group or closing a connection takes no longer, even when the broker is gone. */
export const CLOSE_DEADLINE_MS = 3_000

/** zstd comes with Node itself: no native add-on to bundle, and a better ratio than lz4 or gzip at the same cost. */
export const compression = CompressionAlgorithms.ZSTD

export interface KafkaOptions {
  /** `host:port` of some brokers; the rest are discovered. */
  brokers: string[]
  client_id: string
  tls?: boolean
  sasl?: SASLOptions
  session_timeout_ms?: number
  /** Told of every failure that the log recovers from by itself, such as a broker that restarts. */
  report?: (fault: Fault) => void
}

/** What every client of the library is opened with. */
export function clientOptions(options: KafkaOptions): BaseOptions {
  return {
    clientId: options.client_id,
    bootstrapBrokers: options.brokers,
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    timeout: REQUEST_TIMEOUT_MS,
    retries: RETRIES_MAX,
    retryDelay: RETRY_PAUSE_MS,
    ...(options.tls && { tls: {} }),
    ...(options.sasl && { sasl: options.sasl }),
  }
}
