import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { computeTruth, sumExpected } from './expected.ts'
import { type RecordedCall, readRecording } from './recording.ts'

const calls = await readRecording(fileURLToPath(new URL('./fixtures/session.jsonl', import.meta.url)))
const streams = computeTruth(calls)

const sumsOf = (name: string) => {
  const expected = streams.get(name)
  if (expected === undefined) throw new Error(`nothing of ${name}`)
  return sumExpected(expected)
}

// These figures were counted from the file with another program.
test('sessions add up to what the file holds', () => {
  expect(sumsOf('live+test')).toMatchObject({
    sessions: 28,
    viewer_seconds: 93,
    egress_bytes: 12_100_040,
    ingress_bytes: 5_956,
    runs: 0,
    recordings: 2,
    recorded_ms: 13_000,
    recorded_bytes: 1_479_743,
  })
  expect(sumsOf('dynvod')).toMatchObject({ sessions: 1, viewer_seconds: 1, egress_bytes: 5_768 })
})

test('runs are read from the end of the line, so a newline in a name does no harm', () => {
  const { runs, tracks } = streams.get('live+CamelCase') ?? { runs: [], tracks: [] }
  const bytes = { ingress_bytes: 115_089, egress_bytes: 3_708 }
  expect(runs).toEqual([{ ...bytes, viewers: 0, inputs: 1, outputs: 0, viewer_seconds: 0 }])
  expect(tracks).toEqual([['meta_JSON__0', 'video_H264_160x90_0fps_1'], []])
  expect(sumsOf('live+srt')).toMatchObject({ sessions: 1, runs: 1, run_ingress_bytes: 1_466_052, run_viewers: 1 })
})

const userEnd = (streams: string, connectors: string, seconds: string, id: string): RecordedCall => ({
  t_ms: 0,
  trigger: 'USER_END',
  headers: {},
  body: `tkn\n${streams}\n${connectors}\n192.0.2.1\n9\n100\n1\n\n9\n9\n${seconds}\n${id}`,
})

test('a session on several streams counts for the one it watched longest; publishers and pushes do not count', () => {
  const truth = computeTruth([
    userEnd('live+a,live+b', 'HLS', '2,7', 'abc'),
    userEnd('live+a', 'INPUT:RTMP', '9', 'I123'),
    userEnd('live+a', 'OUTPUT:RTMP', '9', 'O123'),
  ])
  expect([...truth.keys()]).toEqual(['live+b'])
})

test('a line without its number is an error, not a zero', () => {
  const broken = { t_ms: 0, trigger: 'STREAM_END', headers: {}, body: 'live+a\n1\n2\nthree\n4\n5\n6' }
  expect(() => computeTruth([broken])).toThrow('without its number')
})
