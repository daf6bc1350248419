/** ClickHouse's numbers of the exceptions that the door itself raises. */
const codes = {
  BAD_ARGUMENTS: 36,
  NOT_IMPLEMENTED: 48,
  SYNTAX_ERROR: 62,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  QUERY_IS_TOO_LARGE: 229,
  ABORTED: 236,
  ZLIB_INFLATE_FAILED: 354,
  AUTHENTICATION_FAILED: 516,
  UNKNOWN_EXCEPTION: 1002,
} as const

export type ExceptionName = keyof typeof codes

/** An answer that is no result: `message` is ClickHouse's own text for it, without the version. */
export class Exception extends Error {
  override readonly name = 'Exception'
  readonly code: number

  constructor(name: ExceptionName, text: string, options?: ErrorOptions) {
    super(`Code: ${codes[name]}. DB::Exception: ${text}. (${name})`, options)
    this.code = codes[name]
  }
}

/** The number and the text of what went wrong, as ClickHouse's HTTP interface words it. */
export function toExceptionText(error: unknown, version: string): { code: number; text: string } {
  const message = error instanceof Error ? error.message : ''
  const found = /Code: (\d+)\. DB::Exception: [\s\S]*/.exec(message)
  if (!found) return toExceptionText(new Exception('UNKNOWN_EXCEPTION', 'The engine failed'), version)
  return { code: Number(found[1]), text: `${found[0].trimEnd()} (version ${version})\n` }
}

const badRequest = [
  6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427, 441, 675, 676,
]
const notFound = [46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511]
const forbidden = [192, 193, 497, 512, 516]

/** HTTP status by exception code, as ClickHouse's `exceptionCodeToHTTPStatus` has it. */
const statuses = new Map<number, number>([
  ...badRequest.map((code) => [code, 400] as const),
  ...notFound.map((code) => [code, 404] as const),
  ...forbidden.map((code) => [code, 403] as const),
  [194, 401],
  [159, 408],
  [229, 413],
  [48, 501],
  [76, 503],
  [209, 503],
  [439, 503],
])

export function toHttpStatus(code: number): number {
  return statuses.get(code) ?? 500
}
