/** Every number in a document's answers that nothing says the meaning of, by its path. */
export function numbersWithoutWords(document: unknown): string[] {
  const { paths, components } = document as { paths: object; components: { schemas: Record<string, object> } }
  const answers = JSON.parse(JSON.stringify(paths), (name, value) => (name === 'parameters' ? undefined : value))
  const found = [...look(answers, 'paths'), ...look(components.schemas, 'schemas')]
  return [...new Set(found)]
}

function* look(node: unknown, path: string): Generator<string> {
  if (typeof node !== 'object' || node === null) return
  const { properties } = node as { properties?: Record<string, object> }
  for (const [name, schema] of Object.entries(properties ?? {})) {
    if (isNumber(schema) && !('description' in schema)) yield `${path}.${name}`
  }
  for (const [name, child] of Object.entries(node)) {
    const step = name === 'properties' || name === 'items' || name === 'anyOf' || /^\d+$/.test(name) ? '' : `.${name}`
    yield* look(child, path + step)
  }
}

function isNumber(schema: object): boolean {
  const { type, anyOf } = schema as { type?: unknown; anyOf?: object[] }
  return type === 'number' || type === 'integer' || (anyOf ?? []).some(isNumber)
}
