import type { SentEvent } from '../../../shared/events/envelope.ts'
import type { Owners } from '../owners/owners.ts'
import type { Sender } from './sender.ts'

export interface Attribution {
  tenant_id: string | null
  stream_id: string | null
}

const RUNTIME_PREFIX = 'live+'
const nobody: Attribution = { tenant_id: null, stream_id: null }

/**
 * Whose each event is: the stream's owner's, or for `node-monitoring` the owner of the host's cluster. A host of a
 * private cluster speaks for its owner's streams alone, so that nobody fills another tenant's books.
 */
export async function attribute(
  owners: Owners,
  sender: Sender,
  events: readonly SentEvent[],
): Promise<(event: SentEvent) => Attribution> {
  const names = events.map(internalName).filter((name) => name !== '')
  const [streams, clusters] = await Promise.all([
    owners.streams(names),
    owners.clusters(sender.cluster_id === null ? [] : [sender.cluster_id]),
  ])
  const cluster = sender.cluster_id === null ? undefined : clusters.get(sender.cluster_id)
  const speaksFor = (tenantId: string) =>
    sender.cluster_id === null || cluster?.kind === 'platform' || cluster?.owner_tenant_id === tenantId
  return (event) => {
    if (event.event_type === 'node-monitoring') return { tenant_id: cluster?.owner_tenant_id ?? null, stream_id: null }
    const owner = streams.get(internalName(event))
    return owner && speaksFor(owner.tenant_id) ? owner : nobody
  }
}

/** Empty for a stream that is not one of the platform's. */
function internalName({ stream_name }: SentEvent): string {
  return stream_name.startsWith(RUNTIME_PREFIX) ? stream_name.slice(RUNTIME_PREFIX.length) : ''
}
