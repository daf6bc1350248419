import { Code, ConnectError } from '@connectrpc/connect'
import { codeToString } from '@connectrpc/connect/protocol-connect'
import type { MiddlewareHandler } from 'hono'
import { type Fault, type FaultKind, faultKinds } from '../../../shared/fault.ts'
import { Problem } from '../../../shared/http/problem.ts'

/** What a caller of the Connect door does next: mends the batch, its token, or waits and sends it again. */
const codes: Partial<Record<FaultKind, Code>> = {
  invalid: Code.InvalidArgument,
  too_large: Code.InvalidArgument,
  unauthenticated: Code.Unauthenticated,
  forbidden: Code.PermissionDenied,
  not_found: Code.Unimplemented,
  rate_limited: Code.ResourceExhausted,
  timeout: Code.Unavailable,
  unavailable: Code.Unavailable,
}

export function toConnectError({ kind, reason, message, retryAfterSeconds }: Fault): ConnectError {
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterSeconds)) }
  return new ConnectError(`${reason}: ${message}`, codes[kind] ?? Code.Internal, headers)
}

/** Answers in the protocol's own form when a request is turned away before it reaches the door, for its size or token. */
export const connectErrors: MiddlewareHandler = async (c, next) => {
  await next()
  if (c.res.headers.get('content-type') !== 'application/problem+json') return
  const { status, code, detail } = Problem.parse(await c.res.json())
  const kind = Object.entries(faultKinds).find(([, fault]) => fault.status === status)?.[0] as FaultKind | undefined
  const connectCode = (kind && codes[kind]) ?? Code.Internal
  const headers = new Headers(c.res.headers)
  headers.set('content-type', 'application/json')
  const error = { code: codeToString(connectCode), message: `${code}: ${detail}` }
  c.res = undefined
  c.res = new Response(JSON.stringify(error), { status, headers })
}
