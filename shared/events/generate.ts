// Writes events.gen.json: node shared/events/generate.ts
import { writeFile } from 'node:fs/promises'
import { eventsJsonSchema, eventsJsonSchemaFile } from './json-schema.ts'

await writeFile(eventsJsonSchemaFile, eventsJsonSchema())
