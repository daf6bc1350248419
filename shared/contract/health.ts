import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { StreamId } from './fields.ts'
import { Page } from './page.ts'
import { RowsQuery } from './periscope-query.ts'
import { Count, Moment } from './time-range.ts'

export const HealthKind = z.enum(['ingest', 'lifecycle', 'buffer', 'issues', 'end'])

export const HealthQuery = RowsQuery.extend({ kind: HealthKind.optional() })
export type HealthQuery = z.infer<typeof HealthQuery>

/** Something that happened to a stream on a host, and why. */
export const HealthEvent = z
  .object({
    event_id: z.uuid(),
    at: Moment,
    node_id: z.string().nullable(),
    kind: HealthKind.describe(
      '`ingest`: a publisher was let in, turned away or left; `lifecycle`: the stream became ready or went off; `buffer`: its buffer changed state; `issues`: what the host finds wrong changed between two polls, or was there at the first poll of the range; `end`: the host counted the run up',
    ),
    state: z
      .string()
      .describe(
        '`start`, `rejected`, `end` of a publisher; `starting`, `offline` of a lifecycle; `FULL`, `DRY`, `RECOVER`, `EMPTY` of a buffer; `found`, `gone` of issues; `reported`, `reconciled` of an end',
      ),
    cause: z.string().nullable().describe('A stable code where the host or the platform gives one'),
    detail: z.string().nullable().describe('The same in words: the reason, or what the host finds wrong'),
    protocol: z.string().nullable().describe('Of the publisher'),
    buffer_ms: Count.nullable().describe('Media in the buffer'),
    jitter_ms: Count.nullable().describe('Largest jitter of a track, as the host measures it'),
  })
  .meta({ id: 'HealthEvent' })
export type HealthEvent = z.infer<typeof HealthEvent>
export const HealthPage = Page(HealthEvent)
export type HealthPage = z.infer<typeof HealthPage>

export const streamHealth = endpoint({
  method: 'GET',
  path: '/streams/{id}/health',
  request: z.object({ id: StreamId }).and(HealthQuery),
  response: HealthPage,
  refusals: ['not_found'],
})
