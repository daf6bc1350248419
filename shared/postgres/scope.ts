import { CompiledQuery } from 'kysely'

/** What a transaction may see: row-level security compares each row with these settings. */
export interface Scope {
  tenant_id?: string
  user_id?: string
  /** A credential or public name that the caller presented; opens just the row that carries it. */
  lookup?: string
  /** A job of the service itself, `outbox` say, which works for all tenants; opens that job's own tables. */
  job?: string
}

/**
 * Begins a transaction and states its scope in one round trip. Several statements at once take no parameters, so each
 * value travels as hexadecimal digits, which can end no literal.
 */
export function begin(scope: Scope, mode: 'read only' | 'read write'): CompiledQuery {
  const { tenant_id = '', user_id = '', lookup = '', job = '' } = scope
  const settings = Object.entries({ tenant_id, user_id, lookup, job }).map(
    ([name, value]) => `set_config('app.${name}', ${text(value)}, true)`,
  )
  return CompiledQuery.raw(`start transaction ${mode}; select ${settings.join(', ')}`)
}

function text(value: string): string {
  return value === '' ? `''` : `convert_from('\\x${Buffer.from(value).toString('hex')}', 'UTF8')`
}
