import { z } from 'zod'
import { catalogue, eventTypes } from './catalogue.ts'
import { SentEvent, StoredEvent } from './envelope.ts'

/** The event schemas as JSON Schema 2020-12, as text: the data of each type once, and both envelopes that refer to them. */
export function eventsJsonSchema(): string {
  const registry = z.registry<{ id: string }>()
  registry.add(SentEvent, { id: 'sent-event' })
  registry.add(StoredEvent, { id: 'stored-event' })
  for (const type of eventTypes) {
    const { data, schema_version } = catalogue[type]
    registry.add(data, { id: `${type}-v${schema_version}` })
  }
  return `${JSON.stringify(z.toJSONSchema(registry), null, 2)}\n`
}

/** Where the generated text lies. */
export const eventsJsonSchemaFile = new URL('./events.gen.json', import.meta.url)
