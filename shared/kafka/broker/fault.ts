import { findErrorBy } from '@platformatic/kafka'
import { Fault } from '../../fault.ts'

/** The fault that a failure of the Kafka client means to a caller; the original stays as its cause. */
export function toKafkaFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  const has = (property: string, value: unknown) =>
    error instanceof Error && findErrorBy(error, property, value) !== null

  if (has('apiId', 'MESSAGE_TOO_LARGE') || has('apiId', 'RECORD_LIST_TOO_LARGE')) {
    return new Fault('too_large', 'record_too_large', 'The broker takes no record of this size', { cause: error })
  }
  if (isUnknownTopic(error) || has('apiId', 'UNKNOWN_TOPIC_OR_PARTITION')) {
    return new Fault('not_found', 'unknown_topic', 'The topic does not exist', { cause: error })
  }
  // The client marks time-outs and closed connections as final; for the caller they are not.
  if (has('canRetry', false) && !has('code', 'PLT_KFK_NETWORK')) {
    return new Fault('internal', 'event_log_failed', 'The event log refused the call', { cause: error })
  }
  return new Fault('unavailable', 'event_log_unavailable', 'The event log cannot be reached', { cause: error })
}

/** The client turns the protocol's code for an unknown topic into an error that only its text tells. */
function isUnknownTopic(error: unknown): boolean {
  return error instanceof Error && /^Unknown topic /.test(error.message)
}

/** Whether the group has moved on without this member, so that it must join again. */
export function isRebalance(error: unknown): boolean {
  return error instanceof Error && findErrorBy(error, 'needsRejoin', true) !== null
}
