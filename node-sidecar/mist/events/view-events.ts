import type { EventData } from '../../../shared/events/catalogue.ts'
import type { SentEvent } from '../../../shared/events/envelope.ts'
import { SESSION_PARTS_MAX, TAGS_MAX } from '../../../shared/events/limits.ts'
import type { Verdict } from '../../control-plane/verdict.ts'
import type { Firing } from '../firing.ts'
import { hideKeys, redactViewUrl } from '../redact.ts'
import type { Part } from '../triggers/session.ts'
import type { TriggerPayload } from '../triggers/trigger.ts'
import { isViewer, isVisitor } from '../viewer.ts'
import { createEvent, name, url } from './event.ts'

/**
 * A request to play. Pages ask too, as do other media hosts: they make an event only when refused. MistServer asks a few
 * times more after a refusal, with no name: those make none.
 */
export function toView(
  play: TriggerPayload<'PLAY_REWRITE' | 'DEFAULT_STREAM'>,
  firing: Firing,
  verdict: Verdict,
): SentEvent<'stream-view'>[] {
  if (play.stream_name === '' || (verdict.allowed && !isViewer('', [play.connector]))) return []
  const asked = play.stream_name.includes('+') ? null : name(hideKeys(play.stream_name))
  return [
    createEvent('stream-view', {
      ...firing,
      stream_name: verdict.allowed ? verdict.runtime_name : '',
      data: {
        playback_id: verdict.allowed ? verdict.playback_id : asked,
        protocol: name(play.connector),
        viewer_host: name(play.host),
        request_url: url(redactViewUrl(play.request_url)),
        outcome: verdict.allowed ? 'allowed' : 'denied',
        reason_code: verdict.allowed ? null : name(verdict.reason),
      },
    }),
  ]
}

/** The start of a viewer's session, or its refusal. */
export function toConnect(
  user: TriggerPayload<'USER_NEW'>,
  firing: Firing,
  verdict: Verdict,
): SentEvent<'user-connection'>[] {
  if (!isViewer(user.session_id, [user.connector])) return []
  const opening = {
    session_id: name(user.session_id),
    host: name(user.host),
    connector: name(user.connector),
    request_url: url(redactViewUrl(user.request_url)),
  }
  const data: EventData<'user-connection'> = verdict.allowed
    ? { action: 'connect', ...opening }
    : { action: 'denied', ...opening, reason_code: name(verdict.reason) }
  return [createEvent('user-connection', { ...firing, stream_name: user.stream_name, data })]
}

/** The end of a visitor's session, watched or not: it counts for use. Publishers, pushes and media hosts make no event. */
export function toDisconnect(end: TriggerPayload<'USER_END'>, firing: Firing): SentEvent<'user-connection'>[] {
  const connectors = end.connectors.map((part) => part.name)
  if (!isVisitor(end.session_id, connectors)) return []
  return [
    createEvent('user-connection', {
      ...firing,
      stream_name: longest(end.streams),
      data: {
        action: 'disconnect',
        session_id: name(end.session_id),
        host: name(longest(end.hosts)),
        connector: name(longest(end.connectors)),
        seconds: end.seconds,
        egress_bytes: end.egress_bytes,
        ingress_bytes: end.ingress_bytes,
        hosts: end.hosts.slice(0, SESSION_PARTS_MAX).map((part) => ({ host: name(part.name), seconds: part.seconds })),
        connectors: toNamed(end.connectors),
        streams: toNamed(end.streams),
        tags: end.tags.slice(0, TAGS_MAX).map(name),
        provenance: 'reported',
      },
    }),
  ]
}

function toNamed(parts: readonly Part[]): Part[] {
  return parts.slice(0, SESSION_PARTS_MAX).map((part) => ({ ...part, name: name(part.name) }))
}

function longest(parts: readonly Part[]): string {
  return parts.reduce((best, part) => (part.seconds > best.seconds ? part : best), parts[0] ?? { name: '', seconds: 0 })
    .name
}
