import { Hono } from 'hono'
import type { z } from 'zod'
import { HealthEvent, HealthPage, HealthQuery } from '../../../shared/contract/health.ts'
import {
  Push,
  PushesQuery,
  PushPage,
  Recording,
  RecordingPage,
  RecordingsQuery,
} from '../../../shared/contract/outputs.ts'
import {
  RowsQuery,
  Run,
  RunPage,
  Session,
  SessionPage,
  StatusQuery,
  StreamStatus,
  TrackList,
  TrackListPage,
  Usage,
  UsageQuery,
  Viewers,
  ViewersQuery,
} from '../../../shared/contract/periscope-query.ts'
import { operation, query } from '../../../shared/http/route.ts'
import { describe as describeRows, revalidated } from '../analytics/describe.ts'
import type { AppEnv } from '../deps.ts'
import { answerList } from '../export/list.ts'
import { listHealth } from '../health/health.ts'
import { listPushes, listRecordings } from '../outputs/outputs.ts'
import { streamUsage } from '../usage/usage.ts'
import { ofStream } from './path.ts'
import { listRuns } from './runs.ts'
import { listSessions } from './sessions.ts'
import { readStatus } from './status.ts'
import { listTracks } from './tracks.ts'
import { readViewers } from './viewers.ts'

const describe = (summary: string, schema: z.ZodType) =>
  operation({
    summary,
    auth: 'tenant',
    ok: { schema, also: 304 },
    faults: ['not_found', 'unprocessable', 'timeout', 'unavailable'],
  })

export const streams = new Hono<AppEnv>()
  .use(revalidated)
  .get(
    '/:id/status',
    describe('The state of a stream now, or as it was', StreamStatus),
    ofStream,
    query(StatusQuery),
    async (c) => c.json(await readStatus(c.var.ctx, c.req.valid('param').id, c.req.valid('query'))),
  )
  .get('/:id/viewers', describe('Viewers over time', Viewers), ofStream, query(ViewersQuery), async (c) =>
    c.json(await readViewers(c.var.ctx, c.req.valid('param').id, c.req.valid('query'))),
  )
  .get(
    '/:id/sessions',
    describeRows('Finished sessions, newest first', SessionPage),
    ofStream,
    query(RowsQuery),
    async (c) => {
      const { id } = c.req.valid('param')
      return answerList(c, 'sessions', c.req.valid('query'), Session, (page) => listSessions(c.var.ctx, id, page))
    },
  )
  .get('/:id/usage', describe('What a stream used', Usage), ofStream, query(UsageQuery), async (c) =>
    c.json(await streamUsage(c.var.ctx, c.req.valid('param').id, c.req.valid('query'))),
  )
  .get(
    '/:id/tracks',
    describeRows('Tracks over time, newest first', TrackListPage),
    ofStream,
    query(RowsQuery),
    async (c) => {
      const { id } = c.req.valid('param')
      return answerList(c, 'tracks', c.req.valid('query'), TrackList, (page) => listTracks(c.var.ctx, id, page))
    },
  )
  .get(
    '/:id/health',
    describeRows('What happened to a stream and why, newest first', HealthPage),
    ofStream,
    query(HealthQuery),
    async (c) => {
      const { id } = c.req.valid('param')
      return answerList(c, 'health', c.req.valid('query'), HealthEvent, (page) => listHealth(c.var.ctx, id, page))
    },
  )
  .get(
    '/:id/pushes',
    describeRows('Starts and ends of pushes, newest first', PushPage),
    ofStream,
    query(PushesQuery),
    async (c) => {
      const { id } = c.req.valid('param')
      return answerList(c, 'pushes', c.req.valid('query'), Push, (page) => listPushes(c.var.ctx, id, page))
    },
  )
  .get(
    '/:id/recordings',
    describeRows('Segments and ends of recordings, newest first', RecordingPage),
    ofStream,
    query(RecordingsQuery),
    async (c) => {
      const { id } = c.req.valid('param')
      return answerList(c, 'recordings', c.req.valid('query'), Recording, (page) => listRecordings(c.var.ctx, id, page))
    },
  )
  .get('/:id/runs', describeRows('Finished runs, newest first', RunPage), ofStream, query(RowsQuery), async (c) => {
    const { id } = c.req.valid('param')
    return answerList(c, 'runs', c.req.valid('query'), Run, (page) => listRuns(c.var.ctx, id, page))
  })
