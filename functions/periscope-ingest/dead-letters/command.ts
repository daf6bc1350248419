import { parseArgs } from 'node:util'
import type { LetterFilter } from './dead-letters.ts'

const USAGE = `npm run dead-letters -- list|replay [--reason CODE] [--type EVENT_TYPE] [--tenant ID] [--from TIME] [--to TIME]
  list     what could not be stored and waits, oldest first
  replay   puts it into the log again; safe to repeat and to break off
The environment is that of Periscope Ingest; see its README.
`

const text = { type: 'string' } as const

/** What the command line asks for; throws what to tell its writer. */
export function readCommand(args: string[]): { command: 'list' | 'replay'; filter: LetterFilter } {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { reason: text, type: text, tenant: text, from: text, to: text },
  })
  const { reason, type: event_type, tenant: tenant_id, from, to } = values
  for (const time of [from, to]) if (time && Number.isNaN(Date.parse(time))) throw new Error(`${time} is no time.`)
  const [command, ...more] = positionals
  if (more.length > 0 || (command !== 'list' && command !== 'replay')) throw new Error(USAGE)
  return { command, filter: { reason, event_type, tenant_id, from, to } }
}
