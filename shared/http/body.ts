import type { MiddlewareHandler } from 'hono'
import { Fault } from '../fault.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** Refuses a JSON body that is not UTF-8 or not JSON, before a lenient reader would mend it silently. */
export const requireReadableBody: MiddlewareHandler = async (c, next) => {
  const type = c.req.header('content-type')
  if (type === undefined || !/^application\/json\b/i.test(type)) return next()
  const bytes = await c.req.arrayBuffer()
  if (bytes.byteLength > 0) read(bytes)
  await next()
}

function read(bytes: ArrayBuffer): void {
  try {
    JSON.parse(decoder.decode(bytes))
  } catch (cause) {
    const code = cause instanceof SyntaxError ? 'malformed_json' : 'malformed_utf8'
    throw new Fault('invalid', code, 'The body is not JSON in UTF-8.', { cause })
  }
}
