import type { SentEvent } from '../../shared/events/envelope.ts'
import { eventId } from '../../shared/ids.ts'
import { createEvent } from '../mist/events/event.ts'
import type { PollTime } from '../mist/polls/poll-events.ts'
import type { Open } from './ledger.ts'
import type { OpenSession, OpenStream } from './snapshot.ts'

/** The end of a session that nobody heard, as of its last sample. Its time is when it was first missed. */
export function toLostSession(open: Open<OpenSession>, time: PollTime): SentEvent<'user-connection'> {
  const { stream_name, sample } = open.last
  const seconds = sample.connected_seconds
  return createEvent('user-connection', {
    ...stamp('user-connection', sample.session_id, open, time),
    stream_name,
    data: {
      action: 'disconnect',
      session_id: sample.session_id,
      host: '',
      connector: sample.connector,
      seconds,
      egress_bytes: sample.egress_bytes,
      ingress_bytes: sample.ingress_bytes,
      hosts: [],
      connectors: [{ name: sample.connector, seconds }],
      streams: [{ name: stream_name, seconds }],
      tags: [],
      provenance: 'reconciled',
    },
  })
}

export function toLostStream(stream_name: string, open: Open<OpenStream>, time: PollTime): SentEvent<'stream-end'> {
  return createEvent('stream-end', {
    ...stamp('stream-end', stream_name, open, time),
    stream_name,
    data: { ...open.last, provenance: 'reconciled' },
  })
}

/** The same loss has the same id, however often it is told. */
function stamp(kind: string, key: string, { since, missed }: Open<unknown>, { node_id, at }: PollTime) {
  return {
    event_id: eventId(node_id, 'reconciled', kind, key, since),
    occurred_at: new Date(missed?.at_ms ?? at),
  }
}
