import { type Client, call } from '../../../shared/client/client.ts'
import { createLookup } from '../../../shared/client/lookup.ts'
import type { Clock } from '../../../shared/clock.ts'
import { RESOLVE_NAMES_MAX, resolveStreams } from '../../../shared/contract/commodore.ts'
import { Fault } from '../../../shared/fault.ts'

/** Says which streams there are; throws a retryable `Fault` when nobody can say now. */
export interface KnownStreams {
  /** 404 unless the stream is the tenant's; a deleted one still is. */
  require(tenantId: string, streamId: string): Promise<void>
}

/**
 * Streams as Commodore knows them. It is the one that knows a stream before its first event; the caller's own tables
 * would have a new stream not found.
 */
export function createKnownStreams(commodore: Client, clock: Clock): KnownStreams {
  const owners = createLookup<{ tenant_id: string }>({
    clock,
    keysMax: RESOLVE_NAMES_MAX,
    fetch: async (stream_ids) => {
      const { streams } = await call(commodore, resolveStreams, { stream_ids: [...stream_ids] })
      return new Map(streams.map(({ stream_id, tenant_id }) => [stream_id, { tenant_id }]))
    },
  })
  return {
    require: async (tenantId, streamId) => {
      const owner = (await owners([streamId])).get(streamId)
      if (owner?.tenant_id !== tenantId) throw new Fault('not_found', 'stream_not_found', 'There is no such stream.')
    },
  }
}
