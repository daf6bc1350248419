import { validator } from 'hono-openapi'
import { z } from 'zod'
import { invalidInput } from '../parse.ts'

/** Long enough that nobody guesses it: the key also opens the kept answer, see `seal`. */
export const IDEMPOTENCY_KEY_LENGTH_MIN = 16
export const IDEMPOTENCY_KEY_LENGTH_MAX = 128

const Headers = z.object({
  'idempotency-key': z
    .string()
    .min(IDEMPOTENCY_KEY_LENGTH_MIN)
    .max(IDEMPOTENCY_KEY_LENGTH_MAX)
    .regex(/^[\x21-\x7e]*$/, 'has other than printable ASCII characters')
    .optional()
    .describe('Your own unguessable name for this request, e.g. a UUID: sent again, it gets the first answer again'),
})

/** Reads `Idempotency-Key`; `c.req.valid('header')['idempotency-key']` is the key, if there is one. */
export function idempotencyKey() {
  return validator('header', Headers, (result) => {
    if (!result.success) throw invalidInput([{ path: ['Idempotency-Key'], message: result.error[0]?.message ?? '' }])
  })
}
