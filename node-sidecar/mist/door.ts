import { crc32 } from 'node:zlib'
import { LRUCache } from 'lru-cache'
import { toFault } from '../../shared/fault.ts'
import { toProblemAnswer } from '../../shared/http/problem.ts'
import { acceptFact, type FactDeps } from './accept-fact.ts'
import { ACCEPTED, type Answer, type Reply, toReply } from './answer.ts'
import { type AnswerDeps, answerTrigger } from './answer-trigger.ts'
import { readCall, type TriggerCall, type TriggerRequest } from './trigger-call.ts'
import { type TriggerName, triggers } from './triggers/trigger.ts'

/** MistServer tries five times for 5 s each; an answer is kept for all of them. */
export const ANSWERS_KEPT_MS = 30_000
export const ANSWERS_MAX = 4_096

export interface DoorOptions extends FactDeps, AnswerDeps {
  /** A stream may have started or ended here. */
  onStreamChange?: () => void
  /** A stream may be there to be sent on, or what was sent on may have ended. */
  onPushChange?: () => void
}

/** Where MistServer's triggers arrive, whatever carries them. */
export interface Door {
  /** Blocking triggers get a decision, others are journalled, then 200. Never rejects. */
  take(request: TriggerRequest): Promise<Reply>
  /** The reply to a request that is not to be taken. */
  refuse(error: unknown): Reply
}

export function createDoor(options: DoorOptions): Door {
  const { log, onStreamChange, onPushChange } = options
  const answers = new LRUCache<string, Promise<Answer>>({ max: ANSWERS_MAX, ttl: ANSWERS_KEPT_MS })

  async function reply(request: TriggerRequest): Promise<Reply> {
    const call = readCall(request)
    const { name } = call
    const told = triggers[name].blocking
      ? toReply(await once(answers, call, () => answerTrigger(options, call)))
      : await acceptFact(options, call).then(() => ACCEPTED)
    if (streamChanges.has(name)) onStreamChange?.()
    if (pushChanges.has(name)) onPushChange?.()
    return told
  }

  function refuse(error: unknown): Reply {
    const fault = toFault(error)
    log.warn('trigger not taken', { code: fault.reason, detail: fault.message, error: fault.cause })
    return toProblemAnswer(fault, '')
  }

  return { take: (request) => reply(request).catch(refuse), refuse }
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
