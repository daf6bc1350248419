/** What MistServer may be told besides a plain value; which are legal depends on the trigger. */
export type Action = 'value' | 'deny' | 'keep' | 'offline' | 'use-configured'

export interface Answer {
  action: Action
  body: string
  /** A stable code for MistServer's log. */
  reason?: string
}

export function value(body: string): Answer {
  return { action: 'value', body }
}

export function act(action: Exclude<Action, 'value'>, reason?: string): Answer {
  return { action, body: '', ...(reason !== undefined && { reason }) }
}

/** What is sent back over HTTP. */
export interface Reply {
  status: number
  headers: Readonly<Record<string, string>>
  body: string
}

/** A notice is on the disk. */
export const ACCEPTED: Reply = { status: 200, headers: {}, body: '' }

/** Always 200, as MistServer takes any other status for a failed handler. The body has no newline: it would become part of the name. */
export function toReply({ action, body, reason }: Answer): Reply {
  const headers: Record<string, string> = { 'content-type': 'text/plain', 'x-mist-trigger-action': action }
  if (reason !== undefined) headers['x-mist-trigger-reason'] = reason.replace(/[^\x20-\x7e]/g, '?')
  return { status: 200, headers, body }
}
