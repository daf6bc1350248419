import type { z } from 'zod'
import { Fault, type InputError } from './fault.ts'

/** Parses a caller's input; the only maker of 400s, with one error for each wrong field. */
export function parse<S extends z.ZodType>(schema: S, input: unknown): z.infer<S> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  throw invalidInput(result.error.issues)
}

/** The fault for a failed schema check, from zod's (or any Standard Schema's) issues. */
export function invalidInput(issues: readonly { message: string; path?: readonly PropertyKey[] | undefined }[]): Fault {
  const errors = issues.map((issue): InputError => ({ pointer: pointer(issue.path ?? []), detail: issue.message }))
  const first = errors[0]
  const detail = first ? `${first.pointer || 'input'}: ${first.detail}` : 'The input does not match its schema.'
  return new Fault('invalid', 'invalid_input', detail, { errors })
}

function pointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
