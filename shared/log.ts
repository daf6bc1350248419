import {
  ansiColorFormatter,
  configureSync,
  getJsonLinesFormatter,
  getLogger,
  type Logger,
  type LogRecord,
  type Sink,
} from '@logtape/logtape'
import { JWT_PATTERN, redactByField, redactByPattern } from '@logtape/redaction'
import { describeError } from './log-error.ts'

export type Log = Logger

/** Our own secrets by their shape: stream keys, API, enrolment, refresh and mailed tokens. */
const SECRET_PATTERN = { pattern: /\b(sk|fw|en|rt|mt)_[0-9a-z]{20,}\b/g, replacement: '$1_***' }
/** Secrets of webhooks, in standard base64. */
const WEBHOOK_SECRET_PATTERN = { pattern: /\bwhsec_[A-Za-z0-9+/=]{20,}/g, replacement: 'whsec_***' }
const SECRET_FIELDS = [/authorization/i, /cookie/i, /passw(or)?d/i, /secret/i, /stream_?key/i, /(^|_)token$/i, /jwk/i]

interface LogOptions {
  /** For a person who watches; a machine gets one JSON object a line. */
  pretty: boolean
  level: 'debug' | 'info' | 'warning' | 'error'
  write: (line: string) => void
}

/** Sets where every log of this process goes; each entry point calls it once. */
export function configureLog({ pretty, level, write }: LogOptions): void {
  const toJson = getJsonLinesFormatter({ properties: 'flatten' })
  const format = redactByPattern(pretty ? prettyLine : (record) => toJson(withShortErrors(record)), [
    SECRET_PATTERN,
    WEBHOOK_SECRET_PATTERN,
    JWT_PATTERN,
  ])
  const sink: Sink = (record) => write(format(record))
  configureSync({
    reset: true,
    sinks: { out: redactByField(sink, { fieldPatterns: SECRET_FIELDS, action: () => '***' }) },
    loggers: [
      { category: 'frameworks', lowestLevel: level, sinks: ['out'] },
      { category: ['logtape', 'meta'], lowestLevel: 'warning', sinks: ['out'] },
    ],
  })
}

/** The log of one service; `with` adds tags such as `request_id` and `tenant_id` to each line. */
export function createLog(service: string): Log {
  return getLogger(['frameworks', service])
}

/** Errors whole are trees: of a broker that is away, thirty thousand characters a line. */
function withShortErrors(record: LogRecord): LogRecord {
  const properties = Object.entries(record.properties).map(([name, value]): [string, unknown] => [
    name,
    value instanceof Error ? describeError(value) : value,
  ])
  return { ...record, properties: Object.fromEntries(properties) }
}

function prettyLine(record: LogRecord): string {
  const shown = Object.entries(record.properties).filter(([, value]) => value !== undefined)
  const tags = shown.map(([name, value]) => `${name}=${plain(value)}`).join(' ')
  return `${ansiColorFormatter(record).trimEnd()}${tags && ` \x1b[2m${tags}\x1b[22m`}\n`
}

function plain(value: unknown): string {
  if (value instanceof Error) return value.stack ?? value.message
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
