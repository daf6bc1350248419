import { z } from 'zod'
import { type Fault, faultKinds } from '../fault.ts'

/** An error answer: RFC 9457 with our stable `code`. */
export const Problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.number().int(),
    code: z.string().describe('Stable, for programs to switch on'),
    detail: z.string().describe('For people'),
    request_id: z.string().describe('Name it when you ask for help'),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: 'Problem' })

export function toProblemResponse(fault: Fault, requestId: string): Response {
  const problem: z.infer<typeof Problem> = {
    type: 'about:blank',
    title: faultKinds[fault.kind].title,
    status: fault.status,
    code: fault.reason,
    detail: fault.message,
    request_id: requestId,
    ...(fault.errors && { errors: fault.errors }),
  }
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
  headers.set('x-request-id', requestId)
  if (fault.retryAfterSeconds !== undefined) headers.set('retry-after', String(Math.ceil(fault.retryAfterSeconds)))
  if (fault.kind === 'unauthenticated') headers.set('www-authenticate', 'Bearer')
  return new Response(JSON.stringify(problem), { status: fault.status, headers })
}
