import { isDeepStrictEqual } from 'node:util'
import { type Host, sessionsOf, unixSeconds } from '../host.ts'
import { isRecord } from '../json.ts'
import { listPushes, startPush, stopPushes } from '../pushes.ts'
import { invalidateSessions, stopSession } from '../sessions.ts'
import { findTriggerError } from '../triggers/handlers.ts'
import { listClients } from './clients.ts'
import { currentLoad, currentTotals } from './statistics.ts'
import { listActiveStreams, listCountedStreams } from './streams.ts'

type Reply = Record<string, unknown>
type Command = (host: Host, argument: unknown, reply: Reply) => void

const VERSION = { version: 'v0.3.0', release: 'linux_amd64', date: 'Nov 24 2026', time: '00:34:20' }

/** Parts of `config` that a call may set; `triggers` and `location` have rules of their own. */
const SETTABLE = [
  'debug',
  'protocols',
  'trustedproxy',
  'controller',
  'serverid',
  'accesslog',
  'prometheus',
  'sessionViewerMode',
  'sessionInputMode',
  'sessionOutputMode',
  'sessionUnspecifiedMode',
  'sessionStreamInfoMode',
  'tknMode',
  'defaultStream',
]

const commands: Record<string, Command> = {
  config: setConfig,
  bandwidth(host, argument, reply) {
    Object.assign(host.settings.bandwidth, pickKeys(argument, ['limit', 'exceptions']))
    reply.bandwidth = host.settings.bandwidth
  },
  streams(host, argument, reply) {
    if (isRecord(argument)) host.settings.streams = readStreams(argument)
    reply.streams = host.settings.streams
  },
  addstream(host, argument, reply) {
    const added = isRecord(argument) ? readStreams(argument) : {}
    Object.assign(host.settings.streams, added)
    reply.streams = { 'incomplete list': 1, ...added }
  },
  deletestream(host, argument, reply) {
    for (const name of namesOf(argument)) delete host.settings.streams[name]
    reply.streams ??= { 'incomplete list': 1 }
  },
  version: (_host, _argument, reply) => assign(reply, 'version', VERSION),
  capabilities: (_host, _argument, reply) =>
    assign(reply, 'capabilities', { connectors: {}, inputs: {}, cpu: [], mem: {}, load: {} }),
  load: (host, _argument, reply) => assign(reply, 'load', currentLoad(host)),
  totals: (host, _argument, reply) => assign(reply, 'totals', currentTotals(host)),
  clients: (host, argument, reply) => assign(reply, 'clients', listClients(host, argument)),
  active_streams: (host, argument, reply) => assign(reply, 'active_streams', listActiveStreams(host, argument)),
  stats_streams: (host, argument, reply) => assign(reply, 'stats_streams', listCountedStreams(host, argument)),
  push_list: (host, _argument, reply) => assign(reply, 'push_list', listPushes(host)),
  proc_list: (_host, _argument, reply) => assign(reply, 'proc_list', null),
  log: (_host, _argument, reply) => assign(reply, 'log', null),
  save: () => undefined,
  push_start(host, argument) {
    const [stream, target] = Array.isArray(argument)
      ? argument
      : isRecord(argument)
        ? [argument.stream, argument.target]
        : []
    if (typeof stream === 'string' && typeof target === 'string') startPush(host, stream, target)
  },
  push_stop: (host, argument) => stopPushes(host, [argument].flat().map(Number)),
  nuke_stream(host, argument) {
    host.streams.get(String(argument))?.publisher?.end({ code: 'CLEAN_SIGNAL', text: 'signal Killed (9)' })
  },
  invalidate_sessions(host, argument) {
    for (const stream of namesOf(argument)) invalidateSessions(host, stream)
  },
  stop_sessions(host, argument) {
    for (const stream of namesOf(argument)) {
      for (const session of sessionsOf(host, stream)) stopSession(host, session)
    }
  },
  stop_sessid(host, argument) {
    for (const id of namesOf(argument)) {
      const session = host.sessions.get(id)
      if (session) stopSession(host, session)
    }
  },
}

/** Runs every command of one request, in the server's own order; names it does not know are passed over. */
export function runCommands(host: Host, request: Record<string, unknown>, { minimal }: { minimal: boolean }): Reply {
  const asked = minimal ? request : { streams: true, config: true, log: true, ...request }
  const reply: Reply = { LTS: 1 }
  for (const [name, command] of Object.entries(commands)) {
    if (Object.hasOwn(asked, name)) command(host, asked[name], reply)
  }
  return reply
}

/** Merges the named parts; `triggers` replaces the whole map, unless one entry of it is not legal. */
function setConfig(host: Host, argument: unknown, reply: Reply): void {
  const { config } = host.settings
  Object.assign(config, pickKeys(argument, SETTABLE))
  if (isRecord(argument) && isRecord(argument.location)) {
    config.location = pickKeys(argument.location, ['lat', 'lon', 'name'])
  }
  if (isRecord(argument) && 'triggers' in argument) setTriggers(host, argument.triggers, reply)
  reply.config = { ...config, time: unixSeconds(host), version: `${VERSION.version} ${VERSION.release}` }
}

function setTriggers(host: Host, triggers: unknown, reply: Reply): void {
  const error = findTriggerError(triggers)
  if (error !== undefined) {
    reply.error = error
    return
  }
  const { settings } = host
  // Its other processes are told only of triggers that differ from those it told them of last.
  if (!isDeepStrictEqual(triggers, settings.config.triggers)) host.triggersEmptied = false
  if (isRecord(triggers)) settings.config.triggers = structuredClone(triggers)
  else delete settings.config.triggers
}

function readStreams(argument: Record<string, unknown>): Record<string, Record<string, unknown>> {
  const entries = Object.entries(argument).filter(([, stream]) => isRecord(stream))
  return Object.fromEntries(entries.map(([name, stream]) => [name, { ...(stream as object), name, online: 0 }]))
}

/** A command's argument that names one thing, a list of things, or things as keys. */
function namesOf(argument: unknown): string[] {
  if (typeof argument === 'string') return [argument]
  if (Array.isArray(argument)) return argument.map(String)
  return isRecord(argument) ? Object.keys(argument) : []
}

function pickKeys(value: unknown, keys: readonly string[]): Record<string, unknown> {
  if (!isRecord(value)) return {}
  return Object.fromEntries(keys.filter((key) => key in value).map((key) => [key, value[key]]))
}

function assign(reply: Reply, name: string, value: unknown): void {
  reply[name] = value
}
