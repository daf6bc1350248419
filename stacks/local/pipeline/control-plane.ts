import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { z } from 'zod'
import { systemClock } from '../../../shared/clock.ts'
import { newId } from '../../../shared/ids.ts'
import { createIdentities, type Identities } from '../../../shared/testing/identities.ts'

export interface ControlPlane extends AsyncDisposable {
  port: number
  identities: Identities
  tenant_id: string
  cluster_id: string
  node_id: string
}

const TOKEN_SECONDS = 900
const Asked = z.object({ internal_names: z.array(z.string()) })

/** What Commodore and Quartermaster answer to media hosts and to Decklog: every stream is one tenant's. */
export async function startControlPlane(): Promise<ControlPlane> {
  const identities = await createIdentities(systemClock)
  const names = { tenant_id: newId('tenant'), cluster_id: newId('cluster'), node_id: newId('node') }
  const { tenant_id, cluster_id, node_id } = names
  const stream_id = newId('stream')
  const app = new Hono()
    .get('/.well-known/jwks.json', (c) => c.json(identities.keySet))
    .post('/nodes/enrol', (c) => c.json({ node_id, cluster_id }))
    .post('/nodes/token', async (c) =>
      c.json({ token: await identities.node(cluster_id, node_id), expires_in: TOKEN_SECONDS }),
    )
    .post('/clusters/resolve', (c) =>
      c.json({ clusters: [{ cluster_id, kind: 'platform', owner_tenant_id: tenant_id }] }),
    )
    .post('/streams/resolve', async (c) => {
      const { internal_names } = Asked.parse(await c.req.json())
      const streams = internal_names.map((internal_name) => ({ internal_name, tenant_id, stream_id, playback_id: 'p' }))
      return c.json({ streams })
    })
  const listening = Promise.withResolvers<number>()
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => listening.resolve(port))
  return {
    ...names,
    identities,
    port: await listening.promise,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}
