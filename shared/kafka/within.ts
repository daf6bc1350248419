import { Fault } from '../fault.ts'

/** The promise's result, or a retryable `event_log_timeout` after `ms`; the work itself is not stopped. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    late.reject(new Fault('timeout', 'event_log_timeout', `The event log did not answer within ${ms} ms`))
  }, ms)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
