/** The work's result, or a rejection saying that `who` was late after `ms`; the work itself is not stopped. */
export async function within<T>(ms: number, who: string, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`${who} did not answer within ${ms} ms`)), ms)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
