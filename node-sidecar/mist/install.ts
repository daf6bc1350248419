import { z } from 'zod'
import { Fault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'
import { randomCode } from '../../shared/random.ts'
import type { Metrics } from '../metrics.ts'
import type { MistApi } from './api.ts'
import type { Doubt } from './polls/lost-triggers.ts'
import { type Handler, isOurs, LIVE, wantedHandlers } from './wanted.ts'

export const REPAIR_INTERVAL_MS = 30_000

const PASSPHRASE_CHARS = 26

/** A handler is an object, or in old configurations `[handler, sync, streams]`. */
const Entry = z.union([
  z.looseObject({
    handler: z.string(),
    sync: z.boolean().default(false),
    streams: z.array(z.string()).nullish(),
    default: z.string().optional(),
    onfail: z.string().optional(),
  }),
  z.tuple([z.string()]).rest(z.unknown()),
])
type Entry = z.infer<typeof Entry>

const Triggers = z.record(z.string(), z.array(Entry))
type Triggers = z.infer<typeof Triggers>

const Configuration = z.looseObject({
  config: z.looseObject({ triggers: Triggers.nullish(), prometheus: z.string().nullish() }),
  streams: z.record(z.string(), z.unknown()).nullish(),
})

export interface Installation {
  /** What MistServer shows its statistics under. */
  passphrase: string
  /** Whether anything had to be changed. */
  repaired: boolean
}

interface InstallDeps {
  api: MistApi
  /** Where MistServer reaches the door. */
  door: URL
  log: Log
  metrics: Metrics
  /** Sends the triggers also when the configuration shows them: MistServer may have lost them all the same. */
  afresh?: Doubt | undefined
}

/**
 * Makes MistServer's configuration what Helmsman needs and leaves the rest as it is. Does nothing when nothing is
 * missing. Throws `unavailable` when MistServer cannot be asked or does not take it.
 */
export async function install({ api, door, log, metrics, afresh }: InstallDeps): Promise<Installation> {
  const wanted = wantedHandlers(door)
  const current = await readConfiguration(api)
  const triggers = current.config.triggers ?? {}
  const drifted = [...wanted].flatMap(([name, handler]) => (isInstalled(triggers[name], handler) ? [] : [name]))
  const stray = Object.keys(triggers).filter((name) => !hasName(wanted, name) && triggers[name]?.some(isOurEntry))
  const passphrase = current.config.prometheus || randomCode(PASSPHRASE_CHARS)
  const lacksPassphrase = !current.config.prometheus
  const lacksLive = current.streams?.live === undefined
  const isWrong = drifted.length + stray.length > 0
  const sendTriggers = afresh !== undefined || isWrong
  if (!sendTriggers && !lacksPassphrase && !lacksLive) return { passphrase, repaired: false }

  await api.call({
    config: {
      ...(sendTriggers && { triggers: merge(triggers, afresh ? unlike(triggers, wanted) : wanted) }),
      ...(lacksPassphrase && { prometheus: passphrase }),
    },
    ...(lacksLive && { addstream: { live: LIVE } }),
    save: true,
  })
  await verify(api, wanted)
  if (afresh === 'unheard' && !isWrong && !lacksPassphrase && !lacksLive) return { passphrase, repaired: false }
  metrics.repairs.inc()
  log.info('MistServer configured', {
    afresh,
    triggers: drifted,
    removed: stray,
    statistics: lacksPassphrase,
    live: lacksLive,
  })
  return { passphrase, repaired: true }
}

async function readConfiguration(api: MistApi) {
  const reply = Configuration.safeParse(await api.call({ config: true, streams: true }))
  if (reply.success) return reply.data
  throw new Fault('unavailable', 'mist_nonsense', 'MistServer shows no configuration.', { cause: reply.error })
}

/** MistServer rejects a whole set of triggers for one mistake in it, and says so only in passing. */
async function verify(api: MistApi, wanted: ReadonlyMap<string, Handler>): Promise<void> {
  const { config } = await readConfiguration(api)
  const missing = [...wanted].filter(([name, handler]) => !isInstalled(config.triggers?.[name], handler))
  if (missing.length === 0) return
  const names = missing.map(([name]) => name).join(', ')
  throw new Fault('unavailable', 'mist_triggers_refused', `MistServer does not take the triggers ${names}.`)
}

/**
 * Setting triggers replaces the whole map, so everybody else's are sent along. Ours come last: of several answers
 * MistServer takes the last one.
 */
function merge(triggers: Triggers, wanted: ReadonlyMap<string, Handler>): Record<string, unknown[]> {
  const names = new Set([...Object.keys(triggers), ...wanted.keys()])
  const merged = [...names].map((name): [string, unknown[]] => {
    const others = (triggers[name] ?? []).filter((entry) => !isOurEntry(entry))
    const ours = wanted.get(name)
    return [name, ours === undefined ? others : [...others, ours]]
  })
  return Object.fromEntries(merged.filter(([, entries]) => entries.length > 0))
}

/**
 * The same handlers written in another way: MistServer tells its processes of triggers only when they differ from those it
 * told them of last. An empty `params` means nothing.
 */
function unlike(triggers: Triggers, wanted: ReadonlyMap<string, Handler>): Map<string, Handler> {
  return new Map(
    [...wanted].map(([name, handler]) => {
      const last = triggers[name]?.at(-1)
      const hasParams = last !== undefined && 'params' in last
      return [name, hasParams ? handler : { ...handler, params: '' }]
    }),
  )
}

/** Ours is there once, as it should be, and last. */
function isInstalled(entries: Entry[] | undefined, wanted: Handler): boolean {
  const ours = entries?.filter(isOurEntry) ?? []
  const entry = entries?.at(-1)
  if (ours.length !== 1 || entry === undefined || Array.isArray(entry)) return false
  const { handler, sync, streams, onfail } = entry
  const same = handler === wanted.handler && sync === wanted.sync && (onfail ?? '') === (wanted.onfail ?? '')
  return same && (streams ?? []).length === 0 && !entry.default && !entry.params
}

function isOurEntry(entry: Entry): boolean {
  return isOurs(Array.isArray(entry) ? entry[0] : entry.handler)
}

function hasName(wanted: ReadonlyMap<string, Handler>, name: string): boolean {
  return wanted.has(name)
}
