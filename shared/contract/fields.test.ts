import { expect, test } from 'vitest'
import { z } from 'zod'
import * as commodore from './commodore.ts'
import { Description, Name } from './fields.ts'
import * as foghorn from './foghorn.ts'
import * as periscopeQuery from './periscope-query.ts'
import * as quartermaster from './quartermaster.ts'

const isValid = (schema: z.ZodType, text: string) => schema.safeParse(text).success

test('text may be of any script, and hold neither control characters nor half a character', () => {
  for (const good of ['Regatta', 'été', '船', 'a😀b', '\u00a0b', '\u{10ffff}', '\uffff']) {
    expect([good, isValid(Name, good), isValid(Description, good)]).toEqual([good, true, true])
  }
  for (const bad of ['\0', '\x1f', '\x7f', '\x9f', '\ud800', '\udfff', '\b', '\v', '\f']) {
    const text = `a${bad}b`
    expect([text, isValid(Name, text), isValid(Description, text)]).toEqual([text, false, false])
  }
  for (const space of ['\t', '\n', '\r']) {
    expect([isValid(Name, `a${space}b`), isValid(Description, `a${space}b`)]).toEqual([false, true])
  }
})

test('patterns in the documents are in the dialect that validators share', () => {
  const contracts: Record<string, unknown> = { ...commodore, ...foghorn, ...periscopeQuery, ...quartermaster }
  const schemas = Object.entries(contracts).flatMap(([name, part]) =>
    part instanceof z.ZodType ? [{ name, schema: part }] : [],
  )
  expect(schemas.length).toBeGreaterThan(40)
  for (const { name, schema } of schemas) {
    const text = JSON.stringify(z.toJSONSchema(schema, { io: 'input' }))
    expect(text.match(/\\\\[pPuU]\{|\(\?<?!|\(\?<\w/g), name).toBeNull()
  }
})
