import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Variables } from '../../shared/config.ts'
import { createLog } from '../../shared/log.ts'
import { readConfig } from '../config.ts'
import { enrol } from './enrol.ts'

export const SETTINGS_PATH = '/etc/helmsman/helmsman.env'
export const STATE_PATH = '/var/lib/helmsman'

export interface EnrolFlags {
  /** The platform's domain, from which the address of each of its services follows. */
  domain?: string | undefined
  /** The platform's region that is nearest, such as `eu-west-1`: events go there. */
  region?: string | undefined
  token?: string | undefined
  name?: string | undefined
  address?: string | undefined
  mist?: string | undefined
  state?: string | undefined
  settings?: string | undefined
}

/** What the settings file says; the token is used once and not kept. */
const kept = [
  ...['COMMODORE_URL', 'QUARTERMASTER_URL', 'DECKLOG_URL', 'FOGHORN_URL', 'HELMSMAN_STATE_PATH', 'HELMSMAN_PORT'],
  ...['MIST_URL', 'NODE_NAME', 'NODE_ADDRESS'],
]

/**
 * Makes this machine a host of the platform: enrols it with the token, keeps its key, and writes the settings that
 * Helmsman then starts with. Safe to repeat. Returns the node's id; throws a `ConfigError` or a `Fault`.
 */
export async function enrolHost(flags: EnrolFlags, env: Variables): Promise<string> {
  const { settings = SETTINGS_PATH } = flags
  const variables: Variables = { HELMSMAN_STATE_PATH: STATE_PATH, ...hostsOf(flags), ...env, ...given(flags) }
  const { config, secrets } = readConfig(variables)
  await mkdir(config.HELMSMAN_STATE_PATH, { recursive: true, mode: 0o700 })
  const { node_id } = await enrol({
    quartermaster: { service: 'quartermaster', baseUrl: config.QUARTERMASTER_URL },
    path: join(config.HELMSMAN_STATE_PATH, 'node.json'),
    token: secrets.ENROLMENT_TOKEN,
    node: {
      name: config.NODE_NAME,
      ...(config.NODE_ADDRESS && { address: config.NODE_ADDRESS }),
      ...(config.NODE_LOCATION && { location: config.NODE_LOCATION }),
    },
    log: createLog('helmsman'),
  })
  await writeSettings(settings, variables)
  return node_id
}

/** Without a region, events go to the central one. */
function hostsOf({ domain, region }: EnrolFlags): Variables {
  if (domain === undefined) return {}
  const decklog = region === undefined ? 'decklog' : `decklog.${region}`
  const [COMMODORE_URL, QUARTERMASTER_URL, DECKLOG_URL, FOGHORN_URL] = [
    ...['commodore', 'quartermaster', decklog, 'play'],
  ].map((host) => `https://${host}.${domain}`)
  return { COMMODORE_URL, QUARTERMASTER_URL, DECKLOG_URL, FOGHORN_URL }
}

function given({ token, name, address, mist, state }: EnrolFlags): Variables {
  const named = {
    ...{ ENROLMENT_TOKEN: token, NODE_NAME: name, NODE_ADDRESS: address },
    ...{ MIST_URL: mist, HELMSMAN_STATE_PATH: state },
  }
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
}

/** Lines that systemd and Node read alike. */
async function writeSettings(path: string, variables: Variables): Promise<void> {
  const lines = kept.flatMap((name) =>
    variables[name] ? [`${name}=${JSON.stringify(String(variables[name]))}\n`] : [],
  )
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.new`, lines.join(''), { mode: 0o644 })
  await rename(`${path}.new`, path)
}
