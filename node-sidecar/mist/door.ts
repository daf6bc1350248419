import { crc32 } from 'node:zlib'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../shared/clock.ts'
import { Fault, toFault } from '../../shared/fault.ts'
import { toProblemResponse } from '../../shared/http/problem.ts'
import type { Log } from '../../shared/log.ts'
import type { Gate } from '../control-plane/gate.ts'
import type { DeadLetters } from '../journal/dead-letters.ts'
import type { Journal } from '../journal/journal.ts'
import { recordEvents } from '../journal/record-events.ts'
import type { Metrics } from '../metrics.ts'
import { type Answer, toResponse } from './answer.ts'
import { decide, refuse } from './decide.ts'
import { toEvents } from './events/to-events.ts'
import { type Firing, readFiring } from './firing.ts'
import { type PeerOf, requireLocal } from './local.ts'
import {
  decodePayload,
  isTriggerName,
  parseTrigger,
  type Trigger,
  type TriggerName,
  triggers,
} from './triggers/trigger.ts'
import { toUnreadable } from './unreadable.ts'

export const TRIGGER_BYTES_MAX = 1024 * 1024
/** MistServer tries five times for 5 s each; an answer is kept for all of them. */
export const ANSWERS_KEPT_MS = 30_000
export const ANSWERS_MAX = 4_096
/** With the time for a decision, less than MistServer waits. */
export const RECORD_WAIT_MS = 500

export interface DoorOptions {
  node_id: string
  gate: Gate
  journal: Journal
  deadLetters: DeadLetters
  metrics: Metrics
  clock: Clock
  log: Log
  /** A stream may have started or ended here. */
  onStreamChange?: () => void
  peerOf: PeerOf
  /** Also takes triggers from other machines; their network must be trusted. */
  allowRemote?: boolean
}

/** Where MistServer calls: `POST /triggers/{NAME}`. Blocking triggers get a decision, others are journalled, then 200. */
export function createDoor(options: DoorOptions): Hono {
  const { log, metrics } = options
  const answers = new LRUCache<string, Promise<Answer>>({ max: ANSWERS_MAX, ttl: ANSWERS_KEPT_MS })
  const door = new Hono()
  door.onError((error, c) => {
    const fault = toFault(error)
    log.warn('trigger refused', { trigger: nameIn(c), code: fault.reason, detail: fault.message, error: fault.cause })
    return toProblemResponse(fault, '')
  })
  if (!options.allowRemote) door.use('/triggers/:name', requireLocal(options.peerOf))
  const onError = () => {
    throw new Fault('too_large', 'trigger_too_large', `A trigger has at most ${TRIGGER_BYTES_MAX} bytes.`)
  }
  door.post('/triggers/:name', bodyLimit({ maxSize: TRIGGER_BYTES_MAX, onError }), async (c) => {
    const name = nameIn(c)
    if (!isTriggerName(name)) throw new Fault('not_found', 'unknown_trigger', 'There is no such trigger.')
    const call: Call = {
      name,
      bytes: new Uint8Array(await c.req.arrayBuffer()),
      header: (header) => c.req.header(header),
    }
    if (!triggers[name].blocking) return acceptFact(options, call)
    const uuid = c.req.header('x-trigger-uuid')
    const started = performance.now()
    const key = uuid && `${name} ${uuid} ${crc32(call.bytes)}`
    const answer = await once(answers, key, () => answerTrigger(options, call))
    metrics.decisionSeconds.observe({ trigger: name }, (performance.now() - started) / 1000)
    return toResponse(answer)
  })
  return door
}

interface Call {
  name: TriggerName
  bytes: Uint8Array
  header: (name: string) => string | undefined
}

/** Retries of one firing share one decision. */
function once(answers: LRUCache<string, Promise<Answer>>, key: string | undefined, decideNow: () => Promise<Answer>) {
  if (key === undefined || key === '') return decideNow()
  const known = answers.get(key)
  if (known !== undefined) return known
  const answer = decideNow()
  answers.set(key, answer)
  return answer
}

async function answerTrigger(options: DoorOptions, call: Call): Promise<Answer> {
  const { gate, log, metrics } = options
  const { name } = call
  try {
    const { trigger, firing } = read(options, call, decodePayload(call.bytes))
    const { answer, verdict } = await decide(gate, trigger)
    if (verdict?.allowed === false) log.warn('refused', { trigger: name, reason: verdict.reason })
    metrics.triggers.inc({ trigger: name, outcome: verdict?.allowed === false ? 'refused' : 'answered' })
    await recordAnswered(options, toEvents(trigger, firing, verdict))
    notify(options, name)
    return answer
  } catch (error) {
    const fault = toFault(error)
    log.warn('refused', { trigger: name, reason: fault.reason, error: fault.cause })
    metrics.triggers.inc({ trigger: name, outcome: 'unreadable' })
    return refuse(name, fault.reason).answer
  }
}

/** A decision stands whether or not it can be journalled: media must flow while the disk fails or hangs. */
async function recordAnswered(options: DoorOptions, events: ReturnType<typeof toEvents>): Promise<void> {
  const { journal, log, metrics } = options
  const recorded = recordEvents(journal, events).then(
    () => metrics.events.inc({ stage: 'journalled' }, events.length),
    (error: unknown) => {
      metrics.events.inc({ stage: 'lost' }, events.length)
      log.error('events of an answered trigger are lost', { lost: events.length, code: toFault(error).reason })
    },
  )
  const waited = Promise.withResolvers<void>()
  const timer = setTimeout(waited.resolve, RECORD_WAIT_MS)
  await Promise.race([recorded, waited.promise])
  clearTimeout(timer)
}

/** MistServer does not send a fact twice: what cannot be read is kept as a dead letter. */
async function acceptFact(options: DoorOptions, call: Call): Promise<Response> {
  const { journal, deadLetters, metrics, clock } = options
  const { name } = call
  const events = readFact(options, call)
  if (events instanceof Fault) {
    await deadLetters.add([toUnreadable(name, call.bytes, events, clock())])
    metrics.triggers.inc({ trigger: name, outcome: 'unreadable' })
    throw events
  }
  await recordEvents(journal, events)
  metrics.events.inc({ stage: 'journalled' }, events.length)
  metrics.triggers.inc({ trigger: name, outcome: 'accepted' })
  notify(options, name)
  return new Response(null, { status: 200 })
}

/** A viewer's broken text, such as the name of its player, must not cost the fact: broken bytes become U+FFFD. */
function readFact(options: DoorOptions, call: Call) {
  try {
    const { trigger, firing } = read(options, call, new TextDecoder('utf-8', { ignoreBOM: true }).decode(call.bytes))
    return toEvents(trigger, firing)
  } catch (error) {
    return toFault(error)
  }
}

function read(options: DoorOptions, { name, header }: Call, payload: string): { trigger: Trigger; firing: Firing } {
  const trigger = parseTrigger(name, payload)
  return { trigger, firing: readFiring(name, header, payload, { node_id: options.node_id, now: options.clock() }) }
}

/** The header decides; the path is for people who read logs. */
function nameIn(c: Context): string {
  return c.req.header('x-trigger') ?? c.req.param('name') ?? ''
}

const changing = new Set<TriggerName>(['STREAM_READY', 'STREAM_BUFFER', 'STREAM_UNLOAD', 'STREAM_END'])

function notify({ onStreamChange }: DoorOptions, name: TriggerName): void {
  if (changing.has(name)) onStreamChange?.()
}
