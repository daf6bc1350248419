import { z } from 'zod'
import type { Door } from './api.ts'

const Document = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({ 'x-auth': z.string().optional(), responses: z.record(z.string(), z.unknown()).default({}) }),
    ),
  ),
})

export interface DocumentedOperation {
  /** `POST /streams/{id}/keys` */
  line: string
  /** Whose token it takes, as `operation()` says. */
  auth: string
  /** What it may answer. */
  statuses: number[]
}

/** Every operation that a service documents, so that a test of all of them misses none. */
export async function operationsOf(door: Door): Promise<DocumentedOperation[]> {
  const response = await door.fetch(new Request('http://service.test/openapi.json'))
  const { paths } = Document.parse(await response.json())
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { 'x-auth': auth, responses }]) =>
      auth === undefined
        ? []
        : [{ line: `${method.toUpperCase()} ${path}`, auth, statuses: Object.keys(responses).map(Number) }],
    ),
  )
}
