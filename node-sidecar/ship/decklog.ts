import { createClient, type Interceptor } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import type { SentEvent } from '../../shared/events/envelope.ts'
import { Fault } from '../../shared/fault.ts'
import { DecklogService, Status } from '../../shared/proto/decklog_pb.ts'

export const PUBLISH_TIMEOUT_MS = 10_000

/** What became of one event: it is in the log, or is wrong in itself. */
export type Verdict = { event_id: string; accepted: true } | { event_id: string; accepted: false; reason: string }

/** Puts events in the log and answers with one verdict each, in order; throws when it did not come to that. */
export type Publish = (events: readonly SentEvent[], signal: AbortSignal) => Promise<Verdict[]>

interface DecklogOptions {
  url: URL
  token: () => Promise<string>
  timeoutMs?: number
}

/** Decklog over Connect, in its binary form on HTTP/1.1. */
export function connectDecklog({ url, token, timeoutMs = PUBLISH_TIMEOUT_MS }: DecklogOptions): Publish {
  const authorize: Interceptor = (next) => async (request) => {
    request.header.set('authorization', `Bearer ${await token()}`)
    return next(request)
  }
  const transport = createConnectTransport({
    baseUrl: url.href.replace(/\/$/, ''),
    httpVersion: '1.1',
    useBinaryFormat: true,
    defaultTimeoutMs: timeoutMs,
    interceptors: [authorize],
  })
  const client = createClient(DecklogService, transport)
  return async (events, signal) => {
    const { verdicts } = await client.publishEvents({ events: events.map(toMessage) }, { signal })
    return events.map(({ event_id }, i) => toVerdict(event_id, verdicts[i]))
  }
}

const encoder = new TextEncoder()

function toMessage(event: SentEvent) {
  return {
    eventId: event.event_id,
    eventType: event.event_type,
    streamName: event.stream_name,
    occurredAt: event.occurred_at,
    source: event.source,
    schemaVersion: event.schema_version,
    data: encoder.encode(JSON.stringify(event.data)),
  }
}

/** A verdict that is missing, or of another event, must not pass for an acknowledgement. */
function toVerdict(
  event_id: string,
  verdict: { eventId: string; status: Status; reason: string } | undefined,
): Verdict {
  if (verdict?.eventId === event_id) {
    if (verdict.status === Status.ACCEPTED) return { event_id, accepted: true }
    if (verdict.status === Status.REJECTED) return { event_id, accepted: false, reason: verdict.reason }
  }
  throw new Fault('unavailable', 'decklog_nonsense', 'Decklog did not answer for each event.')
}
