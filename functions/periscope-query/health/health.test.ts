import { expect, test } from 'vitest'
import { type HealthEvent, HealthPage } from '../../../shared/contract/health.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { eventOf } from '../../periscope-ingest/testing/events.ts'
import { useRecorded } from '../testing/recorded.ts'
import type { RecordedSession } from '../testing/session.ts'

const found = [null, 'HLSnoaudio!', 'HLSnoaudio!', 'VeryLowFPS!', null, null]

/** Polls of a stream on one host, ten seconds apart. */
function polls({ tenant_id, streams }: RecordedSession): StoredEvent[] {
  return found.map((issues, index) => {
    const poll = eventOf('stream-lifecycle')
    const owner = { tenant_id, stream_id: streams.get('live+test') ?? '', node_id: 'nod_polled' }
    return {
      ...poll,
      ...owner,
      occurred_at: `2026-11-24T00:37:${index}0.000Z`,
      data: { ...poll.data, issues },
    } as StoredEvent
  })
}

const recorded = useRecorded(polls)
const { session } = recorded
const stream = session.streams.get('live+test') ?? ''

function slowHealth(id: string): HealthEvent[] {
  const none = { cause: null, detail: null, protocol: null, buffer_ms: null, jitter_ms: null }
  const of = ({ event_id, occurred_at, node_id }: StoredEvent) => ({ event_id, at: occurred_at, node_id, ...none })
  return [
    ...session.of('stream-ingest', id).map((event) => ({
      ...{ ...of(event), kind: 'ingest' as const, state: event.data.action, protocol: event.data.protocol },
      ...{ cause: event.data.reason_code, detail: event.data.reason },
    })),
    ...session.of('stream-lifecycle', id).map((event) => ({
      ...{ ...of(event), kind: 'lifecycle' as const, state: event.data.status },
      ...{ cause: event.data.cause, detail: event.data.reason },
    })),
    ...session.of('stream-buffer', id).map((event) => ({
      ...{ ...of(event), kind: 'buffer' as const, state: event.data.state, detail: event.data.issues },
      ...{ buffer_ms: event.data.buffer_ms, jitter_ms: event.data.jitter_ms },
    })),
    ...session
      .of('stream-end', id)
      .map((event) => ({ ...of(event), kind: 'end' as const, state: event.data.provenance })),
  ].sort((a, b) => (`${a.at}${a.event_id}` < `${b.at}${b.event_id}` ? 1 : -1))
}

test('the timeline of each stream is what the recording tells of it, with its causes', async () => {
  for (const id of session.streams.values()) {
    const events = await recorded.all(HealthPage, `/streams/${id}/health?`)
    expect(events.filter(({ kind }) => kind !== 'issues')).toEqual(slowHealth(id))
  }
  const short = await recorded.all(HealthPage, `/streams/${session.streams.get('live+short')}/health?kind=ingest&`)
  expect(short).toMatchObject([{ state: 'end', cause: 'CLEAN_INTENDED_STOP', detail: 'received deleteStream' }])
})

test('what the host finds wrong is told when it comes, changes and goes', async () => {
  const events = await recorded.all(HealthPage, `/streams/${stream}/health?kind=issues&`, 1)
  expect(events.map(({ at, state, detail }) => [at.slice(17, 19), state, detail])).toEqual([
    ['40', 'gone', 'VeryLowFPS!'],
    ['30', 'found', 'VeryLowFPS!'],
    ['10', 'found', 'HLSnoaudio!'],
  ])
})
