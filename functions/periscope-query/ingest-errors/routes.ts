import { Hono } from 'hono'
import { IngestErrorPage, IngestErrorsQuery } from '../../../shared/contract/ingest-errors.ts'
import { operation, query } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { listIngestErrors } from './ingest-errors.ts'

const described = operation({
  summary: 'Events that could not be stored, newest first',
  auth: 'operator',
  ok: { schema: IngestErrorPage },
  faults: ['too_large', 'timeout', 'unavailable'],
})

export const ingestErrors = new Hono<AppEnv>().get('/', described, query(IngestErrorsQuery), async (c) =>
  c.json(await listIngestErrors(c.var.ctx, c.req.valid('query'))),
)
