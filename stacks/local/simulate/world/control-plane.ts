import { z } from 'zod'
import { eventId } from '../../../../shared/ids.ts'
import type { Network } from '../kernel/network.ts'
import type { Process } from '../kernel/process.ts'

export const TENANT_ID = 'ten_0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000'
export const CLUSTER_ID = 'clu_0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000'

export function streamIdOf(internal_name: string): string {
  const id = eventId('stream', internal_name)
  return `str_${id.slice(0, 14)}7${id.slice(15)}`
}

function namesOf(internal_name: string) {
  return { internal_name, runtime_name: `live+${internal_name}`, playback_id: `pb_${internal_name}` }
}

const Asked = z.object({
  internal_names: z.array(z.string()).default([]),
  stream_key: z.string().default(''),
  playback_id: z.string().optional(),
  runtime_name: z.string().optional(),
})

/** What Commodore and Quartermaster answer in the pipeline's part of their contracts: all streams are one tenant's. */
export function startControlPlane(process: Process, network: Network): void {
  network.serve('control-plane', process, {
    fetch: async (request: Request) => {
      const asked = Asked.parse(await request.json())
      const { pathname } = new URL(request.url)
      if (pathname === '/streams/resolve') {
        const owned = asked.internal_names.map((name) => {
          return { internal_name: name, tenant_id: TENANT_ID, stream_id: streamIdOf(name), playback_id: `pb_${name}` }
        })
        return Response.json({ streams: owned })
      }
      if (pathname === '/clusters/resolve') {
        return Response.json({ clusters: [{ cluster_id: CLUSTER_ID, kind: 'platform', owner_tenant_id: TENANT_ID }] })
      }
      if (pathname === '/ingest/authorize') {
        const name = asked.stream_key.replace('sk_', '')
        const stream = { tenant_id: TENANT_ID, stream_id: streamIdOf(name), record: false, dvr: false }
        return Response.json({ allowed: true, ...stream, ...namesOf(name) })
      }
      const name = (asked.playback_id ?? asked.runtime_name ?? '').replace(/^(pb_|live\+)/, '')
      const stream = { tenant_id: TENANT_ID, stream_id: streamIdOf(name), cluster_ids: [] }
      return Response.json({ allowed: true, ...stream, ...namesOf(name) })
    },
  })
}
