import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { Page } from './page.ts'
import { ListQuery } from './periscope-query.ts'

const Moment = z.iso.datetime({ precision: 3 })

/** Which of the events that could not be stored; all that are given must fit. */
export const IngestErrorsQuery = ListQuery.extend({
  tenant_id: z.string().max(256).optional(),
  event_type: z.string().max(256).optional(),
  reason: z.string().max(256).optional(),
  state: z.enum(['open', 'replayed']).optional(),
})
export type IngestErrorsQuery = z.infer<typeof IngestErrorsQuery>

/** An event that could not be stored, newest first. */
export const IngestError = z
  .object({
    dead_from: z.string().describe('Where it lay in the log: topic, partition, offset'),
    state: z.enum(['open', 'replayed']).describe('`replayed`: it was put into the log again, and has not failed since'),
    at: Moment.describe('When it came into this state'),
    logged_at: Moment.describe('When the log got it'),
    tenant_id: z.string().nullable(),
    event_id: z.string().nullable(),
    event_type: z.string().nullable(),
    reason: z.string().describe('A stable code'),
    detail: z.string(),
  })
  .meta({ id: 'IngestError' })
export type IngestError = z.infer<typeof IngestError>
export const IngestErrorPage = Page(IngestError)
export type IngestErrorPage = z.infer<typeof IngestErrorPage>

/** For operators of the platform. */
export const ingestErrors = endpoint({
  method: 'GET',
  path: '/ingest-errors',
  request: IngestErrorsQuery,
  response: IngestErrorPage,
})
