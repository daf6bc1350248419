import { setTimeout as sleep } from 'node:timers/promises'
import type { Publisher } from './publishers.ts'
import type { RecordedCall } from './recording.ts'
import { rewriteBody, type Substitutes } from './rewrite.ts'

/** Longer than Helmsman ever needs for a decision: it must answer before MistServer gives up at 5 s. */
const ANSWER_TIMEOUT_MS = 5_000

interface Playing {
  helmsman: URL
  calls: readonly RecordedCall[]
  publishers: ReadonlyMap<string, Publisher>
  substitutes: Substitutes
  /** Keeps the recorded pauses instead of going as fast as Helmsman answers. */
  realtime: boolean
  answer_timeout_ms?: number
}

export interface Played {
  calls: number
  publishers_accepted: number
  publishers_refused: number
  /** What Helmsman should have answered otherwise, one sentence each. */
  problems: string[]
}

/** Plays a recording to Helmsman's trigger door in file order, one call after the other, and checks each answer. */
export async function play(playing: Playing): Promise<Played> {
  const { helmsman, calls, publishers, substitutes, realtime, answer_timeout_ms = ANSWER_TIMEOUT_MS } = playing
  const played: Played = { calls: 0, publishers_accepted: 0, publishers_refused: 0, problems: [] }
  const started = performance.now()
  for (const call of calls) {
    if (realtime) await sleep(Math.max(0, call.t_ms - (performance.now() - started)))
    const publisher = publishers.get(call.headers['X-PID'] ?? '')
    const body = rewriteBody(call, substitutes, publisher)
    const signal = AbortSignal.timeout(answer_timeout_ms)
    const answer = await post(new URL(`/triggers/${call.trigger}`, helmsman), call, body, signal)
    played.calls++
    const problem = judge(call, answer, publisher, substitutes)
    if (problem) played.problems.push(`${call.trigger} at ${call.t_ms} ms: ${problem}`)
    if (call.trigger !== 'PUSH_REWRITE' || call.headers['X-Attempt'] !== '1') continue
    if (answer.denied) played.publishers_refused++
    else played.publishers_accepted++
  }
  return played
}

interface Answer {
  status: number
  denied: boolean
  body: string
}

async function post(
  url: URL,
  { trigger, t_ms, headers }: RecordedCall,
  body: string,
  signal: AbortSignal,
): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', headers, body, signal }).catch((cause: unknown) => {
    throw new Error(`Helmsman did not answer ${trigger} at ${t_ms} ms`, { cause })
  })
  const text = await response.text()
  const denied = response.headers.get('x-mist-trigger-action') === 'deny' || text === ''
  return { status: response.status, denied, body: text }
}

/** What is wrong with an answer. Sentences carry no stream key, which an answer to PUSH_REWRITE might repeat. */
function judge(call: RecordedCall, answer: Answer, publisher: Publisher | undefined, substitutes: Substitutes) {
  if (answer.status < 200 || answer.status > 299) return `answered ${answer.status}`
  if (call.trigger === 'PUSH_REWRITE') {
    const expected = publisher?.stream && substitutes.get(publisher.stream)?.runtime_name
    if (!expected) return answer.denied ? undefined : 'a publisher with a wrong key was let in'
    return answer.body === expected ? undefined : `the publisher of ${publisher.stream} was not given its stream`
  }
  if (call.trigger !== 'PLAY_REWRITE') return undefined
  const name = call.body.split('\n')[0] ?? ''
  const expected = substitutes.get(name)?.runtime_name
  if (expected === undefined) return answer.denied ? undefined : `${name} has no owner and was let play`
  return answer.body === expected ? undefined : `a viewer of ${name} was not given its stream`
}
