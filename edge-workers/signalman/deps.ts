import type { Env } from '../../shared/http/app.ts'
import type { Front } from '../../shared/http/caller-address.ts'
import type { Ticket } from '../../shared/identity/verifier.ts'
import type { Hubs } from './live/hubs.ts'

/** What Signalman's functions work with. */
export interface Deps {
  hubs: Hubs
  /** Whom a ticket lets in; 401 when it is not valid. */
  readTicket: (ticket: string) => Promise<Ticket>
  /** Who stands before us and tells of callers. */
  front: Front
}

export type SignalmanEnv = Env<Deps>
