import { Hono } from 'hono'
import { z } from 'zod'
import { StreamId } from '../../../shared/contract/fields.ts'
import {
  ListQuery,
  RunPage,
  SessionPage,
  StreamStatus,
  TrackListPage,
  Usage,
  UsageQuery,
  Viewers,
  ViewersQuery,
} from '../../../shared/contract/periscope-query.ts'
import { operation, path, query } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { streamUsage } from '../usage/usage.ts'
import { listRuns } from './runs.ts'
import { listSessions } from './sessions.ts'
import { readStatus } from './status.ts'
import { listTracks } from './tracks.ts'
import { readViewers } from './viewers.ts'

const ofStream = path(z.object({ id: StreamId }))
const describe = (summary: string, schema: z.ZodType) =>
  operation({ summary, auth: 'tenant', ok: { schema }, faults: ['not_found', 'too_large', 'timeout', 'unavailable'] })

export const streams = new Hono<AppEnv>()
  .get('/:id/status', describe('The state of a stream now', StreamStatus), ofStream, async (c) =>
    c.json(await readStatus(c.var.ctx, c.req.valid('param').id)),
  )
  .get('/:id/viewers', describe('Viewers over time', Viewers), ofStream, query(ViewersQuery), async (c) =>
    c.json(await readViewers(c.var.ctx, c.req.valid('param').id, c.req.valid('query'))),
  )
  .get(
    '/:id/sessions',
    describe('Finished sessions, newest first', SessionPage),
    ofStream,
    query(ListQuery),
    async (c) => c.json(await listSessions(c.var.ctx, c.req.valid('param').id, c.req.valid('query'))),
  )
  .get('/:id/usage', describe('What a stream used', Usage), ofStream, query(UsageQuery), async (c) =>
    c.json(await streamUsage(c.var.ctx, c.req.valid('param').id, c.req.valid('query'))),
  )
  .get(
    '/:id/tracks',
    describe('Tracks over time, newest first', TrackListPage),
    ofStream,
    query(ListQuery),
    async (c) => c.json(await listTracks(c.var.ctx, c.req.valid('param').id, c.req.valid('query'))),
  )
  .get('/:id/runs', describe('Finished runs, newest first', RunPage), ofStream, query(ListQuery), async (c) =>
    c.json(await listRuns(c.var.ctx, c.req.valid('param').id, c.req.valid('query'))),
  )
