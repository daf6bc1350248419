import { expect, test } from 'vitest'
import { PushPage, RecordingPage } from '../../../shared/contract/outputs.ts'
import { refusal } from '../../../shared/testing/api.ts'
import { useRecorded } from '../testing/recorded.ts'

const recorded = useRecorded()
const stream = recorded.session.streams.get('live+test') ?? ''

const newestFirst = <E extends { occurred_at: string; event_id: string }>(events: readonly E[]) =>
  events.toSorted((a, b) => (`${a.occurred_at}${a.event_id}` < `${b.occurred_at}${b.event_id}` ? 1 : -1))

test('pushes are those of the recording, newest first', async () => {
  const pushes = newestFirst(recorded.session.of('push-lifecycle', stream))
  expect(pushes.length).toBeGreaterThan(5)
  expect(await recorded.all(PushPage, `/streams/${stream}/pushes?`)).toEqual(
    pushes.map(({ event_id, occurred_at, node_id, cluster_id, data: { status, log_tail, ...data } }) => ({
      ...{ event_id, at: occurred_at, node_id, cluster_id, ...data, log: log_tail },
      ...{
        active_ms: status?.active_ms ?? null,
        bytes: status?.bytes ?? null,
        media_ms: status?.media_sent_ms ?? null,
      },
    })),
  )
  const ends = await recorded.all(PushPage, `/streams/${stream}/pushes?action=end&`)
  expect(ends.map(({ event_id }) => event_id)).toEqual(
    pushes.filter(({ data }) => data.action === 'end').map(({ event_id }) => event_id),
  )
})

test('recordings are those of the recording, newest first', async () => {
  const recordings = newestFirst(recorded.session.of('recording-lifecycle', stream))
  expect(recordings.length).toBeGreaterThan(5)
  expect(await recorded.all(RecordingPage, `/streams/${stream}/recordings?`)).toEqual(
    recordings.map(
      ({ event_id, occurred_at, node_id, cluster_id, data: { start, end, first_ms, last_ms, ...data } }) => ({
        ...{ event_id, at: occurred_at, node_id, cluster_id, ...data, started_at: start, ended_at: end },
      }),
    ),
  )
  const { from, to } = { from: recordings.at(3)?.occurred_at, to: recordings.at(1)?.occurred_at }
  const some = await recorded.all(RecordingPage, `/streams/${stream}/recordings?from=${from}&to=${to}&`, 1)
  expect(some.map(({ event_id }) => event_id)).toEqual(recordings.slice(2, 4).map(({ event_id }) => event_id))
})

test('an action that there is not is refused', async () => {
  expect(await refusal(recorded.get(`/streams/${stream}/pushes?action=segment`))).toBe('400 invalid_input')
})
