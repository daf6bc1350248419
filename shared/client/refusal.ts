import { z } from 'zod'
import type { Endpoint, Refusal } from '../contract/endpoint.ts'
import { Fault, faultKinds } from '../fault.ts'

/** As much of a problem as a caller needs; what answers an error may not be our service at all. */
const Problem = z.object({ code: z.string(), detail: z.string() })

/** The fault that an answer other than 2xx means for the caller of `endpoint`. */
export async function toRefusal(service: string, endpoint: Endpoint, response: Response): Promise<Fault> {
  const problem = Problem.safeParse(await response.json().catch(() => undefined))
  const kind = endpoint.refusals?.find((refusal) => faultKinds[refusal].status === response.status)
  const retryAfterSeconds = readRetryAfter(response)
  if (kind && problem.success) return passOn(kind, problem.data, retryAfterSeconds)
  const cause = new Error(`${service} answered ${response.status} ${problem.data?.code ?? 'without a problem'}`)
  if (isTheirFault(response.status)) {
    const options = { cause, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) }
    return new Fault('unavailable', `${service}_unavailable`, `${service} cannot answer now.`, options)
  }
  // A wrong call or a refused token of ours is no business of our own caller: it is our mistake.
  return new Fault('internal', `${service}_refused`, 'Internal error', { cause })
}

function passOn(kind: Refusal, problem: z.infer<typeof Problem>, retryAfterSeconds: number | undefined): Fault {
  const options = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
  return new Fault(kind, problem.code, problem.detail, options)
}

/** Statuses that pass by themselves; a redirect or any other surprise comes from something before the service. */
function isTheirFault(status: number): boolean {
  return status >= 500 || status < 400 || status === 408 || status === 429
}

function readRetryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined
}
