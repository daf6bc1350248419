import type { SentEvent } from '../../../shared/events/envelope.ts'
import type { Verdict } from '../../control-plane/verdict.ts'
import type { Firing } from '../firing.ts'
import { redactPushUrl } from '../redact.ts'
import type { TriggerPayload } from '../triggers/trigger.ts'
import { createEvent, name, url, words } from './event.ts'

/** The start of a publish, or its refusal: then no stream is named, as what the publisher named was a key. */
export function toIngestStart(
  push: TriggerPayload<'PUSH_REWRITE'>,
  firing: Firing,
  verdict: Verdict,
): SentEvent<'stream-ingest'> {
  return createEvent('stream-ingest', {
    ...firing,
    stream_name: verdict.allowed ? verdict.runtime_name : '',
    data: {
      action: verdict.allowed ? 'start' : 'rejected',
      protocol: ingestProtocol(push.request_url),
      publisher_host: name(push.host),
      request_url: url(redactPushUrl(push.request_url)),
      connector_pid: firing.pid,
      reason_code: verdict.allowed ? null : name(verdict.reason),
      reason: null,
      provenance: 'reported',
    },
  })
}

export function toIngestEnd(close: TriggerPayload<'PUSH_INPUT_CLOSE'>, firing: Firing): SentEvent<'stream-ingest'> {
  return createEvent('stream-ingest', {
    ...firing,
    stream_name: close.stream_name,
    data: {
      action: 'end',
      protocol: connectorProtocol[close.connector] ?? name(close.connector),
      publisher_host: name(close.host),
      request_url: null,
      connector_pid: close.pid,
      reason_code: name(close.reason_code),
      reason: words(close.reason),
      provenance: 'reported',
    },
  })
}

const connectorProtocol: Record<string, string> = { TSSRT: 'SRT', TSRIST: 'RIST', WebRTC: 'WHIP' }

/** The protocol of a publishing URL, as broadcasters call it. */
export function ingestProtocol(requestUrl: string): string {
  const scheme = requestUrl.slice(0, Math.max(requestUrl.indexOf('://'), 0)).toLowerCase()
  if (scheme.startsWith('http')) return 'WHIP'
  if (scheme === 'rtmps') return 'RTMP'
  return name(scheme.toUpperCase())
}
