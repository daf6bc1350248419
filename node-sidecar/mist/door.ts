import { crc32 } from 'node:zlib'
import { Hono } from 'hono'
import { LRUCache } from 'lru-cache'
import { toFault } from '../../shared/fault.ts'
import { toProblemResponse } from '../../shared/http/problem.ts'
import { acceptFact, type FactDeps } from './accept-fact.ts'
import { type Answer, toResponse } from './answer.ts'
import { type AnswerDeps, answerTrigger } from './answer-trigger.ts'
import { type PeerOf, requireLocal } from './local.ts'
import { readCall, requireSmallBody, type TriggerCall } from './trigger-call.ts'
import { type TriggerName, triggers } from './triggers/trigger.ts'

/** MistServer tries five times for 5 s each; an answer is kept for all of them. */
export const ANSWERS_KEPT_MS = 30_000
export const ANSWERS_MAX = 4_096

export interface DoorOptions extends FactDeps, AnswerDeps {
  peerOf: PeerOf
  /** Also takes triggers from other machines; their network must be trusted. */
  allowRemote?: boolean
  /** A stream may have started or ended here. */
  onStreamChange?: () => void
  /** A stream may be there to be sent on, or what was sent on may have ended. */
  onPushChange?: () => void
}

/** Where MistServer calls: `POST /triggers/{NAME}`. Blocking triggers get a decision, others are journalled, then 200. */
export function createDoor(options: DoorOptions): Hono {
  const { log, peerOf, allowRemote = false, onStreamChange, onPushChange } = options
  const answers = new LRUCache<string, Promise<Answer>>({ max: ANSWERS_MAX, ttl: ANSWERS_KEPT_MS })
  const door = new Hono()
  door.onError((error) => {
    const fault = toFault(error)
    log.warn('trigger not taken', { code: fault.reason, detail: fault.message, error: fault.cause })
    return toProblemResponse(fault, '')
  })
  if (!allowRemote) door.use('/triggers/:name', requireLocal(peerOf))
  door.post('/triggers/:name', requireSmallBody, async (c) => {
    const call = await readCall(c)
    const response = triggers[call.name].blocking
      ? toResponse(await once(answers, call, () => answerTrigger(options, call)))
      : await acceptFact(options, call).then(() => c.body(null, 200))
    if (streamChanges.has(call.name)) onStreamChange?.()
    if (pushChanges.has(call.name)) onPushChange?.()
    return response
  })
  return door
}

const streamChanges = new Set<TriggerName>([
  'STREAM_READY',
  'LIVE_TRACK_LIST',
  'STREAM_BUFFER',
  'PUSH_INPUT_CLOSE',
  'STREAM_UNLOAD',
  'STREAM_END',
])
const pushChanges = new Set<TriggerName>(['LIVE_TRACK_LIST', 'STREAM_BUFFER', 'PUSH_END'])

/** Retries of one firing share one decision. */
function once(
  answers: LRUCache<string, Promise<Answer>>,
  { name, bytes, header }: TriggerCall,
  answerNow: () => Promise<Answer>,
): Promise<Answer> {
  const uuid = header('x-trigger-uuid') ?? ''
  if (uuid === '') return answerNow()
  const key = `${name} ${uuid} ${crc32(bytes)}`
  const known = answers.get(key)
  if (known !== undefined) return known
  const answer = answerNow()
  answers.set(key, answer)
  return answer
}
