import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { onTestFinished } from 'vitest'
import type { z } from 'zod'
import type { Client } from '../../shared/client/client.ts'
import type { AuthorizeIngestResponse, AuthorizePlaybackResponse } from '../../shared/contract/commodore.ts'

const id = '0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000'
const tenant_id = `ten_${id}`
const stream_id = `str_${id}`

export type IngestAnswer = z.input<typeof AuthorizeIngestResponse>
export type PlaybackAnswer = z.input<typeof AuthorizePlaybackResponse>

export function ingestAllowed(internal_name: string): IngestAnswer {
  const names = { internal_name, runtime_name: `live+${internal_name}`, playback_id: `pb_${internal_name}` }
  return { allowed: true, tenant_id, stream_id, ...names, record: false, dvr: false }
}

export function playbackAllowed(internal_name: string): PlaybackAnswer {
  const names = { internal_name, runtime_name: `live+${internal_name}`, playback_id: `pb_${internal_name}` }
  return { allowed: true, tenant_id, stream_id, ...names, cluster_ids: [] }
}

export const NODE_ID = `nod_${id}`
const TOKEN_SECONDS = 900

/** What the control plane answers to media hosts, on a real port: what it is asked, and how it then answers, is in the test's hands. */
export interface ControlPlane {
  client: Client
  asked: { path: string; body: Record<string, unknown>; authorization: string }[]
  ingest: (body: Record<string, unknown>) => IngestAnswer | Promise<IngestAnswer>
  playback: (body: Record<string, unknown>) => PlaybackAnswer | Promise<PlaybackAnswer>
  /** The host that Foghorn names for a stream. */
  source: (runtime_name: string) => string
  /** Every answer is this status instead, while it is set. */
  failing: 500 | 401 | undefined
}

export async function startControlPlane(): Promise<ControlPlane> {
  const listening = Promise.withResolvers<number>()
  const plane: ControlPlane = {
    client: { service: 'commodore', baseUrl: new URL('http://127.0.0.1'), token: async () => 'node.token.here' },
    asked: [],
    ingest: () => ({ allowed: false, reason: 'unknown_key' }),
    playback: () => ({ allowed: false, reason: 'unknown_playback_id' }),
    source: () => 'FULL',
    failing: undefined,
  }
  const app = new Hono()
  app.use(async (c, next) => {
    const authorization = c.req.header('authorization') ?? ''
    const body = c.req.method === 'GET' ? {} : await c.req.json()
    plane.asked.push({ path: c.req.path, body, authorization })
    return plane.failing === undefined ? next() : c.json({}, plane.failing)
  })
  app.post('/nodes/enrol', (c) => c.json({ node_id: NODE_ID, cluster_id: `clu_${id}` }))
  app.post('/nodes/token', (c) => c.json({ token: 'node.token.here', expires_in: TOKEN_SECONDS }))
  app.get('/', (c) => c.text(plane.source(c.req.query('source') ?? '')))
  app.post('/nodes/:node/heartbeat', (c) => c.json({ interval_ms: 5000, stale_after_ms: 15000 }))
  app.post('/ingest/authorize', async (c) => c.json(await plane.ingest(await c.req.json())))
  app.post('/playback/authorize', async (c) => c.json(await plane.playback(await c.req.json())))
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => listening.resolve(port))
  plane.client.baseUrl = new URL(`http://127.0.0.1:${await listening.promise}`)
  onTestFinished(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  )
  return plane
}
