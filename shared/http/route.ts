import { describeRoute, resolver, validator } from 'hono-openapi'
import type { z } from 'zod'
import { type FaultKind, faultKinds } from '../fault.ts'
import { invalidInput } from '../parse.ts'
import { Problem } from './problem.ts'

interface Operation {
  summary: string
  description?: string
  /** Whose token the operation takes. */
  auth: 'none' | 'tenant' | 'user' | 'operator' | 'node' | 'service'
  ok: { status?: 200 | 201 | 202; schema: z.ZodType } | { status: 204 }
  /** What may go wrong besides bad input and a bad token. */
  faults?: readonly FaultKind[]
}

/** Documents a route in `/openapi.json`, errors included. */
export function operation({ summary, description, auth, ok, faults = [] }: Operation) {
  const always: FaultKind[] = auth === 'none' ? ['invalid'] : ['invalid', 'unauthenticated', 'forbidden']
  const problems = [...always, ...faults].map((kind) => {
    const { status, title } = faultKinds[kind]
    return [status, { description: title, content: { 'application/problem+json': { schema: resolver(Problem) } } }]
  })
  const success =
    ok.status === 204
      ? { description: 'Done' }
      : { description: 'OK', content: { 'application/json': { schema: resolver(ok.schema) } } }
  return describeRoute({
    summary,
    ...(description && { description }),
    security: auth === 'none' ? [] : [{ bearer: [] }],
    responses: { [ok.status ?? 200]: success, ...Object.fromEntries(problems) },
    ...{ 'x-auth': auth },
  })
}

/** Parses the JSON body; `c.req.valid('json')` is its typed value. */
export function body<S extends z.ZodType>(schema: S) {
  return validator('json', schema, (result) => {
    if (!result.success) throw invalidInput(toIssues(result.error))
  })
}

/** Parses the query string; `c.req.valid('query')` is its typed value. */
export function query<S extends z.ZodType>(schema: S) {
  return validator('query', schema, (result) => {
    if (!result.success) throw invalidInput(toIssues(result.error))
  })
}

type StandardIssues = readonly {
  message: string
  path?: readonly (PropertyKey | { key: PropertyKey })[] | undefined
}[]

function toIssues(issues: StandardIssues) {
  return issues.map(({ message, path }) => ({
    message,
    path: path?.map((part) => (typeof part === 'object' ? part.key : part)),
  }))
}
