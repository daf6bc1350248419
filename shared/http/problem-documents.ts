import { resolver } from 'hono-openapi'
import { type FaultKind, faultKinds } from '../fault.ts'
import { Problem } from './problem.ts'

/** What any request may meet, whatever it asks; a bad token is refused even where none is needed. */
const ofAll: readonly FaultKind[] = ['unauthenticated', 'timeout', 'unavailable']
const ofBodies: readonly FaultKind[] = [...ofAll, 'too_large', 'unsupported']

/** The answers that every operation of a method may give besides its own, for `/openapi.json`. */
export const commonProblems = {
  GET: { responses: toReferences(ofAll) },
  DELETE: { responses: toReferences(ofAll) },
  POST: { responses: toReferences(ofBodies) },
  PUT: { responses: toReferences(ofBodies) },
  PATCH: { responses: toReferences(ofBodies) },
}

/** Each kind of problem, once for the whole document. */
export function documentProblems() {
  const content = { 'application/problem+json': { schema: resolver(Problem) } }
  return Object.fromEntries(
    Object.entries(faultKinds).map(([kind, { title }]) => [kind, { description: title, content }]),
  )
}

export function toProblemReference(kind: FaultKind) {
  return { $ref: `#/components/responses/${kind}` }
}

function toReferences(kinds: readonly FaultKind[]) {
  return Object.fromEntries(kinds.map((kind) => [faultKinds[kind].status, toProblemReference(kind)]))
}

interface Document {
  paths: object
  components: {
    responses?: Record<string, object>
    schemas?: Record<string, object>
    securitySchemes?: Record<string, object>
  }
}

/** A document without the problems that none of its operations gives, and without schemas and ways to sign in that then nothing uses. */
export function dropUnused<D extends Document>({ components, ...document }: D) {
  const { responses = {}, schemas = {}, securitySchemes = {} } = components
  const given = keepUsed('responses', responses, [document.paths])
  const used = keepUsed('schemas', schemas, [document.paths, given, schemas])
  const asked = JSON.stringify(document.paths)
  const ways = Object.entries(securitySchemes).filter(([name]) => asked.includes(`"security":[{"${name}":`))
  return {
    ...document,
    components: { ...components, responses: given, schemas: used, securitySchemes: Object.fromEntries(ways) },
  }
}

function keepUsed<T extends Record<string, object>>(section: string, entries: T, users: readonly object[]) {
  const text = JSON.stringify(users)
  return Object.fromEntries(
    Object.entries(entries).filter(([name]) => text.includes(`"#/components/${section}/${name}"`)),
  )
}
