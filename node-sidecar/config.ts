import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { z } from 'zod'
import { isRange } from '../shared/addresses/range.ts'
import { json, readVariables, ServiceUrl, type Settings, settings, type Variables } from '../shared/config.ts'
import { Address, Location } from '../shared/contract/quartermaster.ts'

const variables = z.object({
  COMMODORE_URL: ServiceUrl,
  QUARTERMASTER_URL: ServiceUrl,
  DECKLOG_URL: ServiceUrl,
  /** Without it no heartbeats are sent, and this host gets no viewers. */
  FOGHORN_URL: ServiceUrl.optional(),
  /** MistServer's controller. */
  MIST_URL: ServiceUrl.default(new URL('http://127.0.0.1:4242')),
  MIST_USERNAME: z.string().optional(),
  MIST_PASSWORD: z.string().optional(),
  /** Folder of the node's key, its journal and its dead letters. */
  HELMSMAN_STATE_PATH: z.string().transform((path) => resolve(path)),
  HELMSMAN_BIND: z.string().default('127.0.0.1'),
  HELMSMAN_PORT: z.coerce.number().int().min(0).max(65_535).default(18_007),
  /** Where MistServer reaches Helmsman, if not on its port on loopback. */
  HELMSMAN_DOOR_URL: ServiceUrl.optional(),
  /** `true` also takes triggers from other machines, whose network must then be trusted. */
  HELMSMAN_ALLOW_REMOTE: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
  /** Addresses and ranges of the other media hosts, `192.0.2.7,2001:db8::/64`: only they pull streams that want a viewer's token. */
  MEDIA_HOSTS: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((range) => range.trim() || []))
    .refine((ranges) => ranges.every(isRange), 'must be addresses or ranges, separated by commas'),
  NODE_NAME: z.string().min(1).max(120).default(hostname()),
  /** The base that viewers reach this host's MistServer by, e.g. `http://edge1.example:8080`. */
  NODE_ADDRESS: Address.optional(),
  NODE_LOCATION: json(Location).optional(),
  ENROLMENT_TOKEN: z.string().max(256).optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warning', 'error']).default('info'),
})

export type HelmsmanConfig = Omit<z.output<typeof variables>, 'ENROLMENT_TOKEN' | 'MIST_PASSWORD'>
export type HelmsmanSecrets = Pick<z.output<typeof variables>, 'ENROLMENT_TOKEN' | 'MIST_PASSWORD'>
export type HelmsmanSettings = Settings<HelmsmanConfig, HelmsmanSecrets>

/** Reads the environment; throws a `ConfigError` that names every problem. */
export function readConfig(env: Variables): HelmsmanSettings {
  const { ENROLMENT_TOKEN, MIST_PASSWORD, ...config } = readVariables(variables, env)
  return settings(config, { ENROLMENT_TOKEN, MIST_PASSWORD })
}
