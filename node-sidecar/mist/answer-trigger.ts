import type { Clock } from '../../shared/clock.ts'
import type { SentEvent } from '../../shared/events/envelope.ts'
import { type Fault, toFault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'
import type { Journal } from '../journal/journal.ts'
import { recordEvents } from '../journal/record-events.ts'
import type { Metrics } from '../metrics.ts'
import type { Answer } from './answer.ts'
import { type DecideDeps, decide, refuse } from './decide.ts'
import { toEvents } from './events/to-events.ts'
import { readTrigger, type TriggerCall } from './trigger-call.ts'
import { decodePayload } from './triggers/trigger.ts'

/** With the time for a decision, less than MistServer waits. */
export const RECORD_WAIT_MS = 500

export interface AnswerDeps extends DecideDeps {
  node_id: string
  clock: Clock
  journal: Journal
  metrics: Metrics
  log: Log
}

/** Answers a trigger that MistServer waits on; there is always an answer. */
export async function answerTrigger(deps: AnswerDeps, call: TriggerCall): Promise<Answer> {
  const { log, metrics } = deps
  const { name } = call
  const started = performance.now()
  try {
    const { trigger, firing } = readTrigger(call, decodePayload(call.bytes), deps)
    const { answer, verdict } = await decide(deps, trigger, firing)
    const refused = verdict?.allowed === false
    if (refused) log.warn('refused', { trigger: name, reason: verdict.reason })
    metrics.triggers.inc({ trigger: name, outcome: refused ? 'refused' : 'answered' })
    await record(deps, toEvents(trigger, firing, verdict))
    return answer
  } catch (error) {
    const fault: Fault = toFault(error)
    log.warn('refused', { trigger: name, reason: fault.reason, error: fault.cause })
    metrics.triggers.inc({ trigger: name, outcome: 'unreadable' })
    return refuse(name, fault.reason).answer
  } finally {
    metrics.decisionSeconds.observe({ trigger: name }, (performance.now() - started) / 1000)
  }
}

/** A decision stands whether or not it can be journalled: media must flow while the disk fails or hangs. */
async function record({ journal, log, metrics }: AnswerDeps, events: readonly SentEvent[]): Promise<void> {
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
