import type { Door } from './api.ts'
import { operationsOf } from './operations.ts'

interface Audited {
  /** Whose operations are looked at, by what `operation()` says of them. */
  auth: readonly string[]
  /** Calls an operation so that it should succeed, under this request id. */
  ask(line: string, requestId: string): Promise<Response>
  /** How many entries of the audit log a request made. */
  entriesOf(requestId: string): Promise<number>
}

/** Tries every operation that changes something, deletions last; tells which succeeded and which of them left no entry. */
export async function tryAudited(door: Door, { auth, ask, entriesOf }: Audited) {
  const operations = await operationsOf(door)
  const changing = operations.filter((operation) => auth.includes(operation.auth) && !operation.line.startsWith('GET'))
  const succeeded: string[] = []
  const unaudited: string[] = []
  for (const { line } of changing.toSorted((a, b) => rank(a.line) - rank(b.line))) {
    const requestId = crypto.randomUUID()
    const response = await ask(line, requestId)
    if (!response.ok) continue
    succeeded.push(line)
    if ((await entriesOf(requestId)) === 0) unaudited.push(line)
  }
  return { succeeded, unaudited }
}

/** What belongs to something is deleted before it. */
function rank(line: string): number {
  return line.startsWith('DELETE') ? 1_000 - line.length : 0
}
