import { isRecord } from '../json.ts'
import { isLegalOnFail } from './catalogue.ts'

/** Longer handler URLs, params and defaults are cut here without a word. */
export const HANDLER_CHARS_MAX = 127

/** One configured handler of a trigger. */
export interface Handler {
  url: string
  sync: boolean
  streams: readonly string[]
  /** The answer when the handler fails; empty means `true`, so a failure lets people in. */
  fallback: string
  onfail: string
}

/** The handlers of a trigger as `config.triggers` holds them: objects, or `[handler, sync, [streams]]`. */
export function handlersOf(triggers: unknown, trigger: string): Handler[] {
  const entries = isRecord(triggers) ? triggers[trigger] : undefined
  return Array.isArray(entries) ? entries.map(readHandler) : []
}

function readHandler(entry: unknown): Handler {
  const [handler, sync, streams] = Array.isArray(entry) ? entry : []
  const fields: Record<string, unknown> = isRecord(entry) ? entry : { handler, sync, streams }
  return {
    url: text(fields.handler).slice(0, HANDLER_CHARS_MAX),
    sync: fields.sync === true,
    streams: Array.isArray(fields.streams) ? fields.streams.map(String) : [],
    fallback: text(fields.default).slice(0, HANDLER_CHARS_MAX),
    onfail: text(fields.onfail),
  }
}

/** The first thing wrong with a `config.triggers` that is about to replace the one in force. */
export function findTriggerError(triggers: unknown): string | undefined {
  if (!isRecord(triggers)) return undefined
  for (const trigger of Object.keys(triggers)) {
    for (const { onfail, sync } of handlersOf(triggers, trigger)) {
      if (onfail === '' || isLegalOnFail(trigger, onfail, sync)) continue
      return `Invalid onfail action '${onfail}' for ${trigger} trigger`
    }
  }
  return undefined
}

/** Whether a `streams` filter lets this stream through: the last match wins, `!` negates, empty means all. */
export function matchesStreams(filter: readonly string[], stream: string): boolean {
  let matched = filter.every((entry) => entry.startsWith('!'))
  for (const entry of filter) {
    const negated = entry.startsWith('!')
    if (matchesName(negated ? entry.slice(1) : entry, stream)) matched = !negated
  }
  return matched
}

function matchesName(pattern: string, stream: string): boolean {
  const star = pattern.indexOf('*')
  if (star >= 0) {
    const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)]
    return stream.length >= head.length + tail.length && stream.startsWith(head) && stream.endsWith(tail)
  }
  return pattern.endsWith('+') ? stream.startsWith(pattern) : pattern === stream
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
