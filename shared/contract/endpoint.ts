import type { z } from 'zod'

/** Refusals that mean something to the caller of an endpoint; any other 4xx is a mistake in the calling service. */
export type Refusal = 'payment_required' | 'forbidden' | 'not_found' | 'conflict' | 'unprocessable' | 'rate_limited'

/** One call between services, as data: `{name}` parts of `path` are filled from the request's fields. */
export interface Endpoint<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: `/${string}`
  request: Input
  response: Output
  /** Refusals that reach the caller as they are, with their reason. */
  refusals?: readonly Refusal[]
}

export function endpoint<Input extends z.ZodType, Output extends z.ZodType>(
  definition: Endpoint<Input, Output>,
): Endpoint<Input, Output> {
  return definition
}
