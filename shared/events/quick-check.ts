import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { z } from 'zod'
import { type EventType, isEventType } from './catalogue.ts'
import { type SentEvent, type StoredEvent, sent, stored, toSchema } from './envelope.ts'

/** Patterns stand beside all formats. */
const ajv = new Ajv2020({ validateFormats: false, strictTypes: false, messages: false, logger: false })

/**
 * Whether a value is an event as it is sent, and whole: the schema would hand it back as it is. Said by code that was
 * compiled from the schema, in a tenth of the time. False means that the schema itself is to be asked, which may still
 * take it, or say why not.
 */
export const isSentEvent = quickCheck<SentEvent>(sent)
/** The same for events as they lie in the topic. */
export const isStoredEvent = quickCheck<StoredEvent>(stored)

/** Each type is compiled when its first event comes. The guard holds because the code is made of `Event`'s own schema. */
function quickCheck<Event>(fields: typeof sent | typeof stored): (value: unknown) => value is Event {
  const checks = new Map<EventType, ValidateFunction>()
  return (value): value is Event => {
    const type = typeof value === 'object' && value !== null && 'event_type' in value ? value.event_type : undefined
    if (typeof type !== 'string' || !isEventType(type)) return false
    let check = checks.get(type)
    if (!check) {
      check = compile(toSchema(type, fields))
      checks.set(type, check)
    }
    return check(value) === true
  }
}

function compile(schema: z.ZodType): ValidateFunction {
  return ajv.compile(
    z.toJSONSchema(schema, {
      // A key of this name in a record would be dropped by the schema.
      override: ({ jsonSchema }) => {
        const { propertyNames } = jsonSchema
        if (typeof propertyNames === 'object') jsonSchema.propertyNames = { allOf: [propertyNames, notPrototype] }
      },
    }),
  )
}

const notPrototype = { not: { const: '__proto__' } }
