import { type Call, requireName } from './call.ts'
import { Exception } from './exception.ts'

/** The call with the `query` and `param_…` fields of a multipart form added. */
export async function readForm(call: Call, contentType: string, body: Uint8Array<ArrayBuffer>): Promise<Call> {
  const form = await new Response(body, { headers: { 'Content-Type': contentType } }).formData().catch((cause) => {
    throw new Exception('BAD_ARGUMENTS', 'The form cannot be read', { cause })
  })
  const parameters = { ...call.parameters }
  let { query } = call
  for (const [name, value] of form) {
    if (typeof value !== 'string') throw new Exception('NOT_IMPLEMENTED', 'External tables are not offered')
    if (name === 'query') query += value
    if (name.startsWith('param_')) parameters[requireName(name.slice('param_'.length))] = value
  }
  return { ...call, query, parameters }
}
