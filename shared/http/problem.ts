import { z } from 'zod'
import { type Fault, faultKinds } from '../fault.ts'

/** An error answer: RFC 9457 with our stable `code`. */
export const Problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.number().int().describe('The HTTP status'),
    code: z.string().describe('Stable, for programs to switch on'),
    detail: z.string().describe('For people'),
    request_id: z.string().describe('Name it when you ask for help'),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: 'Problem' })

/** The error answer of a fault, for whatever carries it. */
export function toProblemAnswer(fault: Fault, requestId: string) {
  const problem: z.infer<typeof Problem> = {
    type: 'about:blank',
    title: faultKinds[fault.kind].title,
    status: fault.status,
    code: fault.reason,
    detail: fault.message,
    request_id: requestId,
    ...(fault.errors && { errors: fault.errors }),
  }
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': requestId,
  }
  if (fault.retryAfterSeconds !== undefined) headers['retry-after'] = String(Math.ceil(fault.retryAfterSeconds))
  if (fault.kind === 'unauthenticated') headers['www-authenticate'] = 'Bearer'
  return { status: fault.status, headers, body: JSON.stringify(problem) }
}

export function toProblemResponse(fault: Fault, requestId: string): Response {
  const { status, headers, body } = toProblemAnswer(fault, requestId)
  return new Response(body, { status, headers })
}
