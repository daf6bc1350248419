import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { StreamId } from './fields.ts'
import { Page } from './page.ts'
import { RowsQuery } from './periscope-query.ts'
import { Bytes, Count, Moment } from './time-range.ts'

const ofEvent = {
  event_id: z.uuid(),
  at: Moment.describe('When it happened on the host'),
  node_id: z.string().nullable(),
  cluster_id: z.string().nullable(),
}
const Milliseconds = Count

export const PushesQuery = RowsQuery.extend({ action: z.enum(['start', 'end']).optional() })
export type PushesQuery = z.infer<typeof PushesQuery>

/** A push to another server, or to a file, began or ended. A host does not say which start belongs to which end. */
export const Push = z
  .object({
    ...ofEvent,
    action: z.enum(['start', 'end']),
    push_id: Count.nullable().describe("The host's own number; null at the start, where the host does not tell it"),
    target: z.string().describe('Without credentials; with its variables filled in at the end'),
    active_ms: Milliseconds.nullable().describe('How long it ran; null at the start'),
    bytes: Bytes.nullable().describe('Sent in all'),
    media_ms: Milliseconds.nullable().describe('Media time sent'),
    log: z
      .array(z.object({ at: Moment, level: z.string(), text: z.string() }))
      .describe('The last lines of its log, which say why it ended'),
  })
  .meta({ id: 'Push' })
export type Push = z.infer<typeof Push>
export const PushPage = Page(Push)
export type PushPage = z.infer<typeof PushPage>

export const RecordingsQuery = RowsQuery.extend({ action: z.enum(['segment', 'end']).optional() })
export type RecordingsQuery = z.infer<typeof RecordingsQuery>

/** A segment of a recording was written, or a recording ended. */
export const Recording = z
  .object({
    ...ofEvent,
    action: z.enum(['segment', 'end']),
    path: z.string(),
    format: z.string().nullable(),
    bytes: Bytes.nullable().describe('Written; null for a segment'),
    seconds: Count.nullable().describe('Time that it was written for; null for a segment'),
    started_at: Moment.nullable(),
    ended_at: Moment.nullable(),
    media_ms: Milliseconds.describe('Media time in it'),
    succeeded: z.boolean().nullable(),
    reason_code: z.string().nullable().describe('Why it ended'),
    reason: z.string().nullable().describe('The same in words'),
  })
  .meta({ id: 'Recording' })
export type Recording = z.infer<typeof Recording>
export const RecordingPage = Page(Recording)
export type RecordingPage = z.infer<typeof RecordingPage>

const OfStream = z.object({ id: StreamId })

export const streamPushes = endpoint({
  method: 'GET',
  path: '/streams/{id}/pushes',
  request: OfStream.and(PushesQuery),
  response: PushPage,
  refusals: ['not_found'],
})

export const streamRecordings = endpoint({
  method: 'GET',
  path: '/streams/{id}/recordings',
  request: OfStream.and(RecordingsQuery),
  response: RecordingPage,
  refusals: ['not_found'],
})
