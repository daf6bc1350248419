/** Lines of a stack that are logged: enough to find the place of ours. */
export const STACK_LINES_MAX = 8
/** Distinct errors behind one that are logged; a client that tried many times has as many behind it. */
export const CAUSES_MAX = 6
export const MESSAGE_CHARS_MAX = 300

/** What an operator needs of an error: what it is, where it came from, and what lies behind it, each once. */
export function describeError(error: Error): Record<string, unknown> {
  const { name, message, stack } = error
  const causes = listCauses(error)
  return {
    name,
    message: cut(message),
    ...codeOf(error),
    ...(stack && { stack: stack.split('\n').slice(0, STACK_LINES_MAX).map(cut).join('\n') }),
    ...(causes.length > 0 && { causes }),
  }
}

/** Nearest first; a cause, and each of several. Behind one that says what another has said is looked no further. */
function listCauses(error: Error): string[] {
  const lines = new Set<string>()
  const waiting = behind(error)
  for (let next = waiting.shift(); next !== undefined && lines.size < CAUSES_MAX; next = waiting.shift()) {
    const said = line(next)
    if (lines.has(said)) continue
    lines.add(said)
    if (next instanceof Error) waiting.push(...behind(next))
  }
  return [...lines]
}

function behind(error: Error): unknown[] {
  const several: unknown[] = error instanceof AggregateError ? error.errors : []
  return [...(error.cause === undefined || error.cause === null ? [] : [error.cause]), ...several]
}

function line(cause: unknown): string {
  if (!(cause instanceof Error)) return cut(String(cause))
  const { code } = codeOf(cause)
  return cut(`${cause.name}${code === undefined ? '' : ` ${code}`}: ${cause.message}`)
}

function codeOf(error: Error): { code?: string } {
  return 'code' in error && (typeof error.code === 'string' || typeof error.code === 'number')
    ? { code: String(error.code) }
    : {}
}

function cut(text: string): string {
  return text.length > MESSAGE_CHARS_MAX ? `${text.slice(0, MESSAGE_CHARS_MAX)}…` : text
}
