import { z } from 'zod'
import { KeySet, PrivateKey } from './contract/identity.ts'
import { issuerOf } from './identity/key.ts'

const PROXIES_MAX = 5

/** Environment variables or a worker's bindings, as the entry point hands them over. */
export type Variables = Readonly<Record<string, unknown>>

/** What a service is told from outside: `config` may be printed, `secrets` prints as nothing. */
export interface Settings<Config extends object, Secrets extends object> {
  readonly config: Readonly<Config>
  readonly secrets: Readonly<Secrets>
}

/** All that is wrong with the variables at once, by name and never by value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The configuration is not complete:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/** Reads the variables that `schema` names; an empty one counts as missing. Throws a `ConfigError` with every problem. */
export function readVariables<S extends z.ZodObject>(schema: S, variables: Variables): Readonly<z.output<S>> {
  const named = Object.keys(schema.shape).map((name) => [name, variables[name] === '' ? undefined : variables[name]])
  const result = schema.safeParse(Object.fromEntries(named))
  if (result.success) return Object.freeze(result.data)
  const problems = result.error.issues.map(({ path, message, code }) =>
    variables[String(path[0])] || code === 'custom' ? `${path.join('.')}: ${message}` : `${path.join('.')} is missing`,
  )
  throw new ConfigError([...new Set(problems)])
}

/** Splits what may be printed from what may not. */
export function settings<Config extends object, Secrets extends object>(
  config: Config,
  secrets: Secrets,
): Settings<Config, Secrets> {
  return Object.freeze({ config: Object.freeze(config), secrets: conceal(secrets) })
}

function conceal<T extends object>(secrets: T): Readonly<T> {
  const shown = () => '***'
  const hidden = { toJSON: { value: shown }, [Symbol.for('nodejs.util.inspect.custom')]: { value: shown } }
  return Object.freeze(Object.defineProperties({ ...secrets }, hidden))
}

/** A variable that holds JSON. */
export function json<S extends z.ZodType>(schema: S) {
  return z
    .string()
    .transform((text, ctx): unknown => {
      try {
        return JSON.parse(text)
      } catch {
        ctx.addIssue({ code: 'custom', message: 'is not JSON' })
        return z.NEVER
      }
    })
    .pipe(schema)
}

/** A base URL of a service. */
export const ServiceUrl = z
  .url({ protocol: /^https?$/, error: 'is not an http(s) URL' })
  .transform((text) => new URL(text))

/** `IDENTITY_KEY`: the private JWK by which `service` signs, whose `kid` must name it. */
export function identityKey(service: string) {
  return json(PrivateKey.refine(({ kid }) => issuerOf(kid) === service, `is not a key of ${service}`))
}

/** `IDENTITY_PUBLIC_KEYS`: the public keys of other issuers. */
export const PublicKeys = json(KeySet)

/** `TRUSTED_PROXIES`: how many proxies of ours stand before a service, each of which adds to `X-Forwarded-For`. */
export const frontVariables = { TRUSTED_PROXIES: z.coerce.number().int().min(0).max(PROXIES_MAX).default(0) }

/** Where a service's tables are; `DATABASE_WS_PROXY` only before a Postgres that speaks no WebSocket. */
export const databaseVariables = {
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'is not a postgres:// URL' }),
  DATABASE_WS_PROXY: z
    .string()
    .regex(/^[\w.-]+:\d+$/, 'is not host:port')
    .optional(),
}
