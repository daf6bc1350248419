import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ingestAllowed, playbackAllowed } from '../../../node-sidecar/testing/control-plane.ts'
import { openDoor } from '../../../node-sidecar/testing/open-door.ts'
import type { EventData } from '../../../shared/events/catalogue.ts'
import { computeTruth, type Expected, sumExpected } from './expected.ts'
import { play } from './play.ts'
import { findPublishers, streamsOf } from './publishers.ts'
import { readRecording } from './recording.ts'

const calls = await readRecording(fileURLToPath(new URL('./fixtures/session.jsonl', import.meta.url)))

/** A real door of Helmsman on a port, whose control plane knows the key `sk_N` and the playback id `play_N`. */
async function openHelmsman() {
  const helmsman = await openDoor()
  const nameOf = (text: unknown, form: RegExp) => form.exec(String(text))?.[1]
  helmsman.plane.ingest = ({ stream_key }) => {
    const name = nameOf(stream_key, /^sk_(\d)$/)
    return name ? ingestAllowed(name) : { allowed: false, reason: 'unknown_key' }
  }
  helmsman.plane.playback = ({ playback_id, runtime_name }) => {
    const name = nameOf(playback_id ?? runtime_name, /^(?:play_|live\+)(\d)$/)
    return name ? playbackAllowed(name) : { allowed: false, reason: 'unknown_playback_id' }
  }
  return helmsman
}

/** Facts that lie in the journal, as the oracle would count them. */
function countFacts(events: Awaited<ReturnType<Awaited<ReturnType<typeof openDoor>>['events']>>, stream: string) {
  const of = <T extends 'user-connection' | 'stream-end' | 'track-list'>(type: T) =>
    events
      .filter(({ event_type, stream_name }) => event_type === type && stream_name === stream)
      .map(({ data }) => data as EventData<T>)
  const facts: Omit<Expected, 'recordings'> = {
    sessions: of('user-connection').flatMap((data) => (data.action === 'disconnect' ? [data] : [])),
    runs: of('stream-end'),
    tracks: of('track-list').map(({ tracks }) => tracks.map(({ track }) => track).sort()),
  }
  return sumExpected({ ...facts, recordings: [] })
}

test('Helmsman decides as recorded, and its journal holds what the oracle counts', async () => {
  const helmsman = await openHelmsman()
  const publishers = findPublishers(calls)
  const names = streamsOf(publishers)
  const substitute = (i: number) => ({ runtime_name: `live+${i}`, playback_id: `play_${i}`, stream_key: `sk_${i}` })
  const substitutes = new Map(names.map((name, i) => [name, substitute(i)]))
  const played = await play({ helmsman: helmsman.url, calls, publishers, substitutes, realtime: false })
  expect(played).toEqual({ calls: 797, publishers_accepted: 9, publishers_refused: 6, problems: [] })

  const events = await helmsman.events()
  const streams = computeTruth(calls)
  expect(streams.size).toBeGreaterThan(names.length)
  for (const [name, expected] of streams) {
    const today = substitutes.get(name)?.runtime_name ?? name
    expect(countFacts(events, today), name).toEqual(sumExpected({ ...expected, recordings: [] }))
  }
})
