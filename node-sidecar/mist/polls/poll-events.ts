import type { ClientSample } from '../../../shared/events/client-lifecycle.ts'
import type { SentEvent } from '../../../shared/events/envelope.ts'
import type { NodeMonitoring } from '../../../shared/events/node-monitoring.ts'
import type { StreamLifecycle } from '../../../shared/events/stream-lifecycle.ts'
import { eventId } from '../../../shared/ids.ts'
import type { Moment } from '../../moment.ts'
import { createEvent } from '../events/event.ts'
import { inEvents } from './clients.ts'

/** When a poll was made and by whom: the same poll makes the same event ids. */
export interface PollTime extends Moment {
  node_id: string
}

export function toNodeEvent(data: NodeMonitoring, time: PollTime): SentEvent<'node-monitoring'> {
  return createEvent('node-monitoring', { ...stamp(time, 'node-monitoring', ''), stream_name: '', data })
}

export function toStreamEvents(
  streams: Iterable<readonly [string, StreamLifecycle]>,
  time: PollTime,
): SentEvent<'stream-lifecycle'>[] {
  return [...streams].map(([stream_name, data]) =>
    createEvent('stream-lifecycle', { ...stamp(time, 'stream-lifecycle', stream_name), stream_name, data }),
  )
}

export function toClientEvents(
  streams: Iterable<readonly [string, ClientSample[]]>,
  time: PollTime,
): SentEvent<'client-lifecycle'>[] {
  return [...streams].flatMap(([stream_name, all]) =>
    inEvents(all).map((samples, part) =>
      createEvent('client-lifecycle', {
        ...stamp(time, 'client-lifecycle', stream_name, part),
        stream_name,
        data: { samples },
      }),
    ),
  )
}

/** By both clocks: one that is set back shows the same time of day again. */
function stamp({ node_id, at, up_ms }: PollTime, kind: string, subject: string, part = 0) {
  return { event_id: eventId(node_id, kind, at.getTime(), up_ms, subject, part), occurred_at: at }
}
