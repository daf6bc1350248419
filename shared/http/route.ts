import type { MiddlewareHandler } from 'hono'
import { describeRoute, resolver, validator } from 'hono-openapi'
import type { z } from 'zod'
import { type Context, requireSomebody } from '../context.ts'
import { Fault, type FaultKind, faultKinds } from '../fault.ts'
import { invalidInput } from '../parse.ts'
import { toProblemReference } from './problem-documents.ts'

interface Operation {
  summary: string
  description?: string
  /** Whose token the operation takes. */
  auth: 'none' | 'tenant' | 'user' | 'operator' | 'node' | 'service' | 'node or service' | 'tenant or node'
  ok:
    | { status?: 200 | 201 | 202; schema: z.ZodType; also?: 200 | 202 | 304 | 307; text?: string; rows?: true }
    | { status: 101 | 204 | 307 }
    | { status: 200; text: string; type?: `text/${string}` }
  /** What may go wrong besides bad input and a bad token. */
  faults?: readonly FaultKind[]
  /** Asked all the time and told of elsewhere: its good answers are logged only for who looks closely. */
  quiet?: boolean
}

/** Documents a route in `/openapi.json`, errors included, and turns nobody away before their input is looked at. */
export function operation({ summary, description, auth, ok, faults = [], quiet = false }: Operation) {
  const always: FaultKind[] = auth === 'none' ? ['invalid'] : ['invalid', 'unauthenticated', 'forbidden']
  const problems = [...always, ...faults].map((kind) => {
    return [faultKinds[kind].status, toProblemReference(kind)] as const
  })
  const success = toSuccess(ok)
  const also = 'schema' in ok && ok.also !== undefined ? { [ok.also]: withoutBody[ok.also] ?? success } : {}
  const described = describeRoute({
    summary,
    ...(description && { description }),
    security: auth === 'none' ? [] : [{ bearer: [] }],
    responses: { [ok.status ?? 200]: success, ...also, ...Object.fromEntries(problems) },
    ...{ 'x-auth': auth },
  })
  const guard: MiddlewareHandler = async (c, next) => {
    if (quiet) c.set('quiet', true)
    const ctx: Pick<Context, 'actor'> = c.var.ctx
    if (auth !== 'none') requireSomebody(ctx)
    await next()
  }
  // The document is found on the handler itself.
  return Object.assign(guard, described)
}

const REDIRECT = { description: 'Elsewhere: see Location' }
const withoutBody: Partial<Record<number, { description: string }>> = {
  304: { description: 'The same as the answer with the ETag in If-None-Match' },
  307: REDIRECT,
}
const empty = { 101: { description: 'A WebSocket from here on' }, 204: { description: 'Done' }, 307: REDIRECT }
/** Rows, of which the JSON answer says what they are. */
const ROWS = { schema: { type: 'string' as const } }

function toSuccess(ok: Operation['ok']) {
  if (!('schema' in ok) && !('text' in ok)) return empty[ok.status]
  return {
    description: ok.text ?? 'OK',
    content: {
      ...('schema' in ok && { 'application/json': { schema: resolver(ok.schema) } }),
      ...('rows' in ok && ok.rows && { 'text/csv': ROWS, 'application/x-ndjson': ROWS }),
      ...(ok.text !== undefined && { [typeOf(ok)]: { schema: { type: 'string' as const } } }),
    },
  }
}

function typeOf(ok: Operation['ok']): string {
  return ('type' in ok && ok.type) || 'text/plain'
}

/** Parses the JSON body; `c.req.valid('json')` is its typed value. */
export function body<S extends z.ZodType>(schema: S) {
  return validator('json', schema, (result, c) => {
    if (!/^application\/json\b/i.test(c.req.header('content-type') ?? '')) {
      throw new Fault('unsupported', 'json_expected', 'Send the body with Content-Type: application/json.')
    }
    if (!result.success) throw invalidInput(toIssues(result.error))
  })
}

/** Parses the parts of the path; `c.req.valid('param')` is their typed value. What cannot be an id names nothing: 404. */
export function path<S extends z.ZodType>(schema: S) {
  return validator('param', schema, (result) => {
    if (!result.success) throw new Fault('not_found', 'not_found', 'There is no such thing.')
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
