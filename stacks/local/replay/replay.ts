import { type Provisioned, provision, revoke } from './commodore.ts'
import { compareStream, compareUnattributed, type Row } from './compare.ts'
import { computeTruth } from './expected.ts'
import { askPendingBytes } from './helmsman.ts'
import { askAbout, listUnattributed } from './periscope.ts'
import { type Played, play } from './play.ts'
import { findPublishers, streamsOf } from './publishers.ts'
import { readRecording, timeRangeOf } from './recording.ts'
import { settle } from './settle.ts'
import type { System } from './system.ts'

interface Options {
  file: string
  realtime: boolean
  say: (text: string) => void
}

export interface Outcome {
  played: Played
  /** Figures of the streams, then those of events without an owner. */
  rows: Row[]
}

/** Plays a recording through a running system and compares what it answers with what the file says. */
export async function replay(system: System, { file, realtime, say }: Options): Promise<Outcome> {
  const calls = await readRecording(file)
  const publishers = findPublishers(calls)
  const truth = computeTruth(calls)
  const range = timeRangeOf(calls)
  const names = streamsOf(publishers)
  say(`${calls.length} calls, ${publishers.size} publishers, ${names.length} streams`)
  const streams: Provisioned[] = []
  try {
    for (const name of names) streams.push(await provision(system.commodore, name))
    const substitutes = new Map(streams.map((stream) => [stream.recorded_name, stream]))
    const played = await play({ helmsman: system.helmsman, calls, publishers, substitutes, realtime })
    say('played; waiting until the answers hold')
    const pending = await settle(
      () => askPendingBytes(system.helmsman),
      (bytes) => bytes === 0,
      { hold_ms: 0 },
    )
    if (pending > 0) played.problems.push(`Helmsman still holds ${pending} bytes that Decklog has not taken`)

    const owned = new Set(names)
    const unowned = new Map([...truth].filter(([name]) => !owned.has(name)))
    const ask = async () => {
      const rows: Row[] = []
      for (const { recorded_name, stream_id } of streams) {
        const expected = truth.get(recorded_name)
        if (expected)
          rows.push(...compareStream(recorded_name, expected, await askAbout(system.periscope, stream_id, range)))
      }
      return [...rows, ...compareUnattributed(unowned, await listUnattributed(system.operator, range))]
    }
    const rows = await settle(ask, (answered) => answered.every(({ same }) => same))
    return { played, rows }
  } finally {
    await revoke(system.commodore, streams)
  }
}
