import { Fault } from '../../shared/fault.ts'

/** The work's result, or a retryable `<who>_late` after `ms`; the work itself is not stopped. */
export async function within<T>(ms: number, who: string, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new Fault('unavailable', `${who}_late`, `${who} did not answer in time.`)),
    ms,
  )
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
