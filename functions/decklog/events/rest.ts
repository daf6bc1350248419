import { Hono } from 'hono'
import {
  EVENTS_TOPIC,
  ProduceNamedRequest,
  type ProduceRecord,
  ProduceRequest,
  ProduceResponse,
  Topic,
} from '../../../shared/contract/decklog.ts'
import { Fault } from '../../../shared/fault.ts'
import type { Env } from '../../../shared/http/app.ts'
import { body, operation } from '../../../shared/http/route.ts'
import type { Candidate } from './check.ts'
import { type PublishDeps, publish, type Verdict } from './publish.ts'

const documented = operation({
  summary: 'Append events',
  description: `Kafka over HTTP, in the Upstash REST protocol. Each value is one event; who sends it and whose it is
    come from the token and the stream, never from the record. Answered once the events are durable, one entry a record.`,
  auth: 'service',
  ok: { schema: ProduceResponse },
  faults: ['not_found', 'too_large', 'unprocessable', 'rate_limited', 'unavailable'],
})

/** The door for edge workers, which cannot open Kafka's sockets. */
export const restDoor = new Hono<Env<PublishDeps>>()
  .post('/produce', documented, body(ProduceNamedRequest), async (c) =>
    c.json(toResponse(await publish(c.var.ctx, c.req.valid('json').map(toCandidate)))),
  )
  .post('/produce/:topic', documented, body(ProduceRequest), async (c) => {
    requireTopic(c.req.param('topic'))
    return c.json(toResponse(await publish(c.var.ctx, c.req.valid('json').map(toCandidate))))
  })

function requireTopic(name: string): void {
  if (!Topic.safeParse(name).success) throw new Fault('not_found', 'unknown_topic', 'No such topic.')
}

const encoder = new TextEncoder()

function toCandidate({ value }: ProduceRecord): Candidate {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return { event_id: '', bytes: encoder.encode(text).byteLength, read: () => JSON.parse(text) }
}

/** A call of which nothing was taken is refused as a whole: the protocol's clients look at the status only. */
function toResponse(verdicts: readonly Verdict[]): ProduceResponse {
  const [first] = verdicts
  if (first && !first.accepted && verdicts.every(({ accepted }) => !accepted)) {
    throw new Fault('unprocessable', 'events_rejected', first.reason)
  }
  return verdicts.map((verdict) => {
    if (!verdict.accepted) return { status: 422, error: verdict.reason }
    const { partition, offset } = verdict.position
    return { topic: EVENTS_TOPIC, partition, offset: Number(offset), timestamp: verdict.received_at.getTime() }
  })
}
