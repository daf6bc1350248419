import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { type Decide, startHandler } from '../media-host/testing.ts'
import { play } from './play.ts'
import { findPublishers, streamsOf } from './publishers.ts'
import { readRecording } from './recording.ts'

const calls = await readRecording(fileURLToPath(new URL('./fixtures/session.jsonl', import.meta.url)))
const publishers = findPublishers(calls)
const substitutes = new Map(
  streamsOf(publishers).map((name, i) => [
    name,
    { runtime_name: `live+in${i}`, playback_id: `play${i}`, stream_key: `sk_${i}` },
  ]),
)

/** Answers as the control plane would: what it knows gets its runtime name, the rest is denied. */
const decide: Decide = ({ trigger, lines }) => {
  const asked = trigger === 'PUSH_REWRITE' ? lines[2] : trigger === 'PLAY_REWRITE' ? lines[0] : undefined
  if (asked === undefined) return { body: 'true' }
  const [, index] = /^(?:sk_|play)(\d)$/.exec(asked) ?? []
  return index ? { body: `live+in${index}` } : { headers: { 'X-Mist-Trigger-Action': 'deny' } }
}

async function playTo(answer: Decide, some = calls) {
  await using door = await startHandler(answer)
  const helmsman = new URL(new URL(door.url).origin)
  const played = await play({ helmsman, calls: some, publishers, substitutes, realtime: false })
  return { played, received: door.received }
}

test('every call arrives in file order with its recorded headers', async () => {
  const { played, received } = await playTo(decide)
  expect(received.map(({ trigger }) => trigger)).toEqual(calls.map(({ trigger }) => trigger))
  const uuids = calls.map(({ headers }) => headers['X-Trigger-UUID'])
  expect(received.map(({ headers }) => headers['x-trigger-uuid'])).toEqual(uuids)
  expect(played).toEqual({ calls: 797, publishers_accepted: 9, publishers_refused: 6, problems: [] })
})

test('whoever lets a wrong key in, gives the wrong stream or fails is found out', async () => {
  const some = calls.filter(({ trigger }) => ['PUSH_REWRITE', 'STREAM_END'].includes(trigger))
  const wrong = (decideWrong: Decide) => playTo((call) => decideWrong(call) ?? decide(call), some)
  const letIn = await wrong(({ trigger }) => (trigger === 'PUSH_REWRITE' ? { body: 'live+other' } : undefined))
  expect(letIn.played.problems).toHaveLength(9 + 10)
  const failed = await wrong(({ trigger }) => (trigger === 'STREAM_END' ? { status: 503 } : undefined))
  expect(failed.played.problems).toHaveLength(8)
  expect(failed.played.problems[0]).toBe('STREAM_END at 199209 ms: answered 503')
})

test('a Helmsman that does not answer ends the replay and says where', async () => {
  await using door = await startHandler(() => ({ hang: true }))
  const helmsman = new URL(new URL(door.url).origin)
  const playing = play({ helmsman, calls, publishers, substitutes, realtime: false, answer_timeout_ms: 50 })
  await expect(playing).rejects.toThrow('Helmsman did not answer SYSTEM_START at 0 ms')
})
