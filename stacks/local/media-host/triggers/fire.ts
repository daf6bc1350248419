import type { Clock } from '../../../../shared/clock.ts'
import { callHandler, type Reply } from './call.ts'
import { ignoresStreamFilter, readAction, type TriggerAction } from './catalogue.ts'
import { type Handler, handlersOf, matchesStreams } from './handlers.ts'

/** One firing: `lines` are joined by newlines, `pid` is the process that reports. */
interface Firing {
  stream: string
  pid: number
  lines: readonly (string | number)[]
}

/** What the blocking handlers decided together. */
interface Verdict {
  /** Whether any was asked: with none, a decision is skipped, which lets people in. */
  asked: boolean
  action: TriggerAction
  value: string
  /** The answers read as yes or no, all of them. */
  allowed: boolean
}

export type Fire = (trigger: string, firing: Firing) => Promise<Verdict>

export interface TriggerCount {
  count: number
  ms: number
  fails: number
}

interface Options {
  /** The current `config.triggers` and `config.serverid`. */
  read: () => { triggers?: unknown; serverid: string; iid: string }
  clock: Clock
  signal: AbortSignal
  attempt_timeout_ms: number
  /** Another way to reach handlers than the network. */
  call?: typeof callHandler
}

const VERSION = 'v0.3.0'

/** Makes the function that fires triggers, and the counts that the statistics show. */
export function connectTriggers(options: Options): { fire: Fire; counts: Map<string, TriggerCount> } {
  const { call = callHandler } = options
  const counts = new Map<string, TriggerCount>()
  const fire: Fire = async (trigger, firing) => {
    const { triggers } = options.read()
    const handlers = handlersOf(triggers, trigger).filter(
      ({ streams }) => ignoresStreamFilter(trigger) || matchesStreams(streams, firing.stream),
    )
    const headers = headersOf(options, trigger, firing.pid)
    let verdict: Verdict = { asked: false, action: 'value', value: '', allowed: true }
    for (const handler of handlers) {
      const started = performance.now()
      const body = firing.lines.join('\n')
      const { url, sync } = handler
      const { signal, attempt_timeout_ms } = options
      const reply = await call({ url, sync, headers, body, signal, attempt_timeout_ms })
      const answer = reply === 'sent' ? undefined : readReply(trigger, reply)
      count(counts, trigger, performance.now() - started, reply === 'sent' || answer !== undefined)
      if (!sync) continue
      verdict = combine(verdict, answer ?? onFailure(trigger, handler))
      if (verdict.action === 'deny') break
    }
    return verdict
  }
  return { fire, counts }
}

function headersOf({ read, clock }: Options, trigger: string, pid: number): Record<string, string> {
  const { serverid, iid } = read()
  const now = clock()
  return {
    'Content-Type': 'text/plain',
    Date: now.toUTCString().replace('GMT', '+0000'),
    'User-Agent': `MistServer/${VERSION}`,
    'X-Instance': iid,
    'X-Name': serverid,
    'X-PID': String(pid),
    'X-Trigger': trigger,
    // Not from the seed: a second run with the same seed reports new events, not repeats of the first.
    'X-Trigger-UUID': crypto.randomUUID(),
    'X-Trigger-UnixMillis': String(now.getTime()),
    'X-Version': VERSION,
  }
}

type Answer = Pick<Verdict, 'action' | 'value'>

function combine(before: Verdict, { action, value }: Answer): Verdict {
  if (action === 'keep' && before.asked) return before
  const yes = action === 'value' ? /^\s*(1|yes|true|cont)/i.test(value) : action !== 'deny'
  return { asked: true, action, value, allowed: before.allowed && yes }
}

function readReply(trigger: string, reply: Reply | undefined): Answer | undefined {
  if (reply === undefined || !reply.ok) return undefined
  if (reply.action !== undefined) {
    const action = readAction(trigger, reply.action)
    return action && { action, value: action === 'value' ? reply.body : '' }
  }
  const offline = trigger === 'STREAM_SOURCE' && reply.body.startsWith('offline:')
  return offline ? { action: 'offline', value: '' } : { action: 'value', value: reply.body }
}

function onFailure(trigger: string, { onfail, fallback }: Handler): Answer {
  const action = readAction(trigger, onfail)
  if (action !== undefined) return { action, value: '' }
  return { action: 'value', value: fallback || 'true' }
}

function count(counts: Map<string, TriggerCount>, trigger: string, ms: number, ok: boolean): void {
  const before = counts.get(trigger) ?? { count: 0, ms: 0, fails: 0 }
  const after = { count: before.count + 1, ms: before.ms + Math.round(ms), fails: before.fails + (ok ? 0 : 1) }
  counts.set(trigger, after)
}
