import type { PushTarget } from '../sources/publishers.ts'

/** What the control plane says of a publisher or a viewer. */
export type Verdict = Allowed | Denied

export interface Allowed {
  allowed: true
  /** MistServer's name of the stream: `live+<internal name>`. */
  runtime_name: string
  playback_id: string | null
  /** When the viewer's token ends, and with it this permission. */
  viewer_until?: string | undefined
  /** Where a publisher's stream is to be sent on to, credentials included: never kept with the verdict. */
  push_targets?: readonly PushTarget[] | undefined
}

export interface Denied {
  allowed: false
  /** A stable code, such as `unknown_key`. */
  reason: string
}

export function deny(reason: string): Denied {
  return { allowed: false, reason }
}
