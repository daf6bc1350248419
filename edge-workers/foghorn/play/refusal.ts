import { Fault } from '../../../shared/fault.ts'
import type { Reason } from '../decision/reasons.ts'

/** When a player may ask again: hosts speak every few seconds. */
export const RETRY_AFTER_SECONDS = 5

/** Why Commodore lets nobody in: what does not exist is not there, the rest is forbidden until it is paid for or changed. */
export function toDenial(reason: string): Fault {
  if (reason.startsWith('unknown_')) return new Fault('not_found', reason, 'There is no such stream.')
  if (reason === 'payment_required') return new Fault(reason, reason, 'The stream’s tenant has to pay first.')
  return new Fault('forbidden', reason, 'This is not allowed, or not now.')
}

/** Why no host can serve: `nearest` is what held back the one that came nearest to it. */
export function toRefusal(nearest: Reason | null): Fault {
  const options = { retry: true, retryAfterSeconds: RETRY_AFTER_SECONDS }
  switch (nearest) {
    case 'stream_absent':
      return new Fault('not_found', 'stream_offline', 'The stream is not live now.', options)
    case 'protocol_absent':
      return new Fault('not_found', 'protocol_unavailable', 'No media host does it over this protocol.')
    case null:
    case 'stale':
    case 'unhealthy':
      return new Fault('unavailable', 'no_host', 'No media host is there now.', options)
    default:
      return new Fault('unavailable', 'hosts_full', 'Every media host that could is full or takes nobody now.', options)
  }
}
