/** What went wrong, in terms of who must act: each kind is one HTTP status and one default for retrying. */
export const faultKinds = {
  invalid: { status: 400, title: 'Invalid request', retry: false },
  unauthenticated: { status: 401, title: 'Authentication required', retry: false },
  payment_required: { status: 402, title: 'Payment required', retry: false },
  forbidden: { status: 403, title: 'Not allowed', retry: false },
  not_found: { status: 404, title: 'Not found', retry: false },
  method_not_allowed: { status: 405, title: 'Method not allowed', retry: false },
  timeout: { status: 408, title: 'Timed out', retry: true },
  conflict: { status: 409, title: 'Conflict', retry: false },
  too_large: { status: 413, title: 'Too large', retry: false },
  unsupported: { status: 415, title: 'Unsupported media type', retry: false },
  unprocessable: { status: 422, title: 'Cannot be processed', retry: false },
  rate_limited: { status: 429, title: 'Too many requests', retry: true },
  internal: { status: 500, title: 'Internal error', retry: false },
  unavailable: { status: 503, title: 'Temporarily unavailable', retry: true },
} as const

export type FaultKind = keyof typeof faultKinds

/** One thing wrong with an input: `pointer` is an RFC 6901 JSON pointer into it. */
export interface InputError {
  pointer: string
  detail: string
}

interface FaultOptions {
  /** Whether the same call may succeed later, unchanged; consumers and clients branch on it. */
  retry?: boolean
  retryAfterSeconds?: number
  errors?: InputError[]
  cause?: unknown
}

/**
 * The one error type of the platform. `reason` is a stable snake_case code that clients switch on;
 * `message` is for people and is safe to show to the caller.
 */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly kind: FaultKind
  readonly reason: string
  readonly retry: boolean
  readonly retryAfterSeconds: number | undefined
  readonly errors: InputError[] | undefined

  constructor(kind: FaultKind, reason: string, message: string, options: FaultOptions = {}) {
    super(message, { cause: options.cause })
    this.kind = kind
    this.reason = reason
    this.retry = options.retry ?? faultKinds[kind].retry
    this.retryAfterSeconds = options.retryAfterSeconds
    this.errors = options.errors
  }

  get status() {
    return faultKinds[this.kind].status
  }
}

/** A fault stays itself; anything else becomes an internal one that keeps its cause for the log only. */
export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  return new Fault('internal', 'internal', 'Internal error', { cause: error })
}
