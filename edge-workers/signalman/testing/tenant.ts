import { call } from '../../../shared/client/client.ts'
import { type FedEvent, feedHub } from '../../../shared/contract/signalman.ts'
import { newId } from '../../../shared/ids.ts'
import type { Signalman } from '../../../stacks/local/edge/testing/signalman.ts'
import { createLogOf } from './events.ts'

/** A tenant of its own, with its part of the log and the feed that brings it to its hub. */
export function openTenant({ edge, identities }: Signalman) {
  const tenant_id = newId('tenant')
  const log = createLogOf()
  const token = () => identities.service('signalman-feed', 'signalman')
  const signalman = { service: 'signalman', baseUrl: new URL(edge.url), token }
  /** How many of the events were new. */
  const bring = async (events: FedEvent[]) => (await call(signalman, feedHub, { tenant_id, events })).taken
  return {
    tenant_id,
    log,
    bring,
    /** Writes further events and brings them. */
    feed: async (...events: Parameters<typeof log.write>) => {
      const fed = log.write(...events)
      await bring(fed)
      return fed
    },
  }
}
