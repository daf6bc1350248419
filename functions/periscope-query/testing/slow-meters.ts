import type { StoredEvent } from '../../../shared/events/envelope.ts'

/** What some events add to each meter, end by end. */
export function slowMeters(events: readonly StoredEvent[]) {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const ends = <T extends StoredEvent['event_type']>(type: T, is: (data: StoredEvent<T>['data']) => boolean) =>
    events
      .filter((event) => event.event_type === type)
      .flatMap(({ data }) => (is(data as never) ? [data as never] : []))
  const sessions: Extract<StoredEvent<'user-connection'>['data'], { action: 'disconnect' }>[] = ends(
    'user-connection',
    ({ action }) => action === 'disconnect',
  )
  const runs: StoredEvent<'stream-end'>['data'][] = ends('stream-end', () => true)
  const recordings: StoredEvent<'recording-lifecycle'>['data'][] = ends(
    'recording-lifecycle',
    (is) => is.action === 'end',
  )
  const pushes: StoredEvent<'push-lifecycle'>['data'][] = ends('push-lifecycle', ({ action }) => action === 'end')
  return {
    sessions: sessions.length,
    viewer_seconds: sum(sessions.map(({ seconds }) => seconds)),
    egress_bytes: sum(sessions.map(({ egress_bytes }) => egress_bytes)),
    ingress_bytes: sum(sessions.map(({ ingress_bytes }) => ingress_bytes)),
    runs: runs.length,
    run_viewer_seconds: sum(runs.map(({ viewer_seconds }) => viewer_seconds)),
    run_egress_bytes: sum(runs.map(({ egress_bytes }) => egress_bytes)),
    run_ingress_bytes: sum(runs.map(({ ingress_bytes }) => ingress_bytes)),
    recordings: recordings.length,
    recorded_ms: sum(recordings.map(({ media_ms }) => media_ms)),
    recorded_bytes: sum(recordings.map(({ bytes }) => bytes ?? 0)),
    pushes: pushes.length,
    pushed_ms: sum(pushes.map(({ status }) => status?.active_ms ?? 0)),
    pushed_bytes: sum(pushes.map(({ status }) => status?.bytes ?? 0)),
  }
}
