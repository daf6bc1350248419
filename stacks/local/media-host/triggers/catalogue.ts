/** What a handler may answer to a trigger beyond a plain value (the header X-Mist-Trigger-Action). */
export type TriggerAction = 'value' | 'deny' | 'keep' | 'offline' | 'use-configured'

const legalActions: Record<string, readonly TriggerAction[]> = {
  PUSH_REWRITE: ['deny', 'keep'],
  PLAY_REWRITE: ['deny', 'keep'],
  PUSH_OUT_START: ['deny', 'keep'],
  STREAM_SOURCE: ['keep', 'offline', 'use-configured'],
  STREAM_PROCESS: ['keep', 'use-configured'],
  USER_NEW: ['deny'],
  CONN_OPEN: ['deny'],
  CONN_PLAY: ['deny'],
  STREAM_LOAD: ['deny'],
  STREAM_READY: ['deny'],
  STREAM_UNLOAD: ['deny'],
  SYSTEM_START: ['deny'],
  SYSTEM_STOP: ['deny'],
}

/** Triggers that ignore the `streams` filter of their handlers. */
const GLOBAL_TRIGGERS = new Set([
  'SYSTEM_START',
  'SYSTEM_STOP',
  'OUTPUT_START',
  'OUTPUT_STOP',
  'RTMP_PUSH_REWRITE',
  'PUSH_REWRITE',
])

const aliases: Record<string, TriggerAction> = {
  value: 'value',
  deny: 'deny',
  keep: 'keep',
  offline: 'offline',
  'use-configured': 'use-configured',
  configured: 'use-configured',
}

/** Reads an action name, in any case; undefined when unknown or not legal for this trigger. */
export function readAction(trigger: string, name: string): TriggerAction | undefined {
  const action = aliases[name.trim().toLowerCase()]
  if (action === undefined || action === 'value') return action
  return legalActions[trigger]?.includes(action) ? action : undefined
}

/** Whether a handler may name this action as its `onfail`: only blocking handlers may, and never `value`. */
export function isLegalOnFail(trigger: string, onfail: string, sync: boolean): boolean {
  if (onfail === 'legacy') return true
  const action = readAction(trigger, onfail)
  return sync && action !== undefined && action !== 'value'
}

export function ignoresStreamFilter(trigger: string): boolean {
  return GLOBAL_TRIGGERS.has(trigger)
}
