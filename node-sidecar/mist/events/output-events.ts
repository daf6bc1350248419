import type { SentEvent } from '../../../shared/events/envelope.ts'
import { LOG_LINES_MAX } from '../../../shared/events/limits.ts'
import type { Firing } from '../firing.ts'
import { redactTarget, redactText, secretsOf } from '../redact.ts'
import type { TriggerPayload } from '../triggers/trigger.ts'
import { createEvent, name, url, words } from './event.ts'

export function toPushStart(push: TriggerPayload<'PUSH_OUT_START'>, firing: Firing): SentEvent<'push-lifecycle'> {
  return createEvent('push-lifecycle', {
    ...firing,
    stream_name: push.stream_name,
    data: { action: 'start', push_id: null, target: url(redactTarget(push.target)), status: null, log_tail: [] },
  })
}

/** A push that Helmsman does not let MistServer begin. */
export function toPushRefused(
  { stream_name, target, reason }: { stream_name: string; target: string; reason: string },
  firing: Pick<Firing, 'event_id' | 'occurred_at'>,
): SentEvent<'push-lifecycle'> {
  const line = { at: firing.occurred_at.toISOString(), level: 'FAIL', text: reason }
  return createEvent('push-lifecycle', {
    ...firing,
    stream_name,
    data: { action: 'end', push_id: null, target: url(redactTarget(target)), status: null, log_tail: [line] },
  })
}

export function toPushEnd(push: TriggerPayload<'PUSH_END'>, firing: Firing): SentEvent<'push-lifecycle'> {
  const secrets = [...secretsOf(push.original_target), ...secretsOf(push.target)]
  const log = push.log.slice(-LOG_LINES_MAX)
  return createEvent('push-lifecycle', {
    ...firing,
    stream_name: push.stream_name,
    data: {
      action: 'end',
      push_id: push.push_id,
      target: url(redactTarget(push.target)),
      status: push.status && {
        active_ms: whole(push.status.active_ms) ?? 0,
        bytes: whole(push.status.bytes),
        media_sent_ms: whole(push.status.media_tx),
      },
      log_tail: log.map(([at, level, text]) => ({
        at: fromUnixSeconds(at),
        level: name(level),
        text: words(redactText(text, secrets)),
      })),
    },
  })
}

export function toSegment(
  segment: TriggerPayload<'RECORDING_SEGMENT'>,
  firing: Firing,
): SentEvent<'recording-lifecycle'> {
  const { stream_name, path, media_ms, first_ms, last_ms } = segment
  const notKnown = { format: null, bytes: null, seconds: null, start: null, end: null }
  const outcome = { succeeded: null, reason_code: null, reason: null }
  return createEvent('recording-lifecycle', {
    ...firing,
    stream_name,
    data: { action: 'segment', path: url(redactTarget(path)), ...notKnown, media_ms, first_ms, last_ms, ...outcome },
  })
}

/** MistServer's reasons for a recording that ended as it should begin so. */
const CLEAN = 'CLEAN_'

export function toRecordingEnd(end: TriggerPayload<'RECORDING_END'>, firing: Firing): SentEvent<'recording-lifecycle'> {
  return createEvent('recording-lifecycle', {
    ...firing,
    stream_name: end.stream_name,
    data: {
      action: 'end',
      path: url(redactTarget(end.target)),
      format: name(end.format),
      bytes: end.bytes,
      seconds: end.seconds,
      start: fromUnixSeconds(end.start),
      end: fromUnixSeconds(end.end),
      media_ms: end.media_ms,
      first_ms: end.first_ms,
      last_ms: end.last_ms,
      succeeded: end.reason_code.startsWith(CLEAN) && end.first_ms !== null,
      reason_code: name(end.reason_code),
      reason: words(redactText(end.reason, secretsOf(end.target))),
    },
  })
}

function fromUnixSeconds(seconds: number): string {
  const time = new Date(seconds * 1000)
  return (Number.isNaN(time.getTime()) ? new Date(0) : time).toISOString()
}

function whole(figure: number | undefined): number | null {
  return figure === undefined ? null : Math.max(0, Math.round(figure))
}
