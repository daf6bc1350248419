import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { findPublishers, streamsOf } from './publishers.ts'
import { readRecording, timeRangeOf } from './recording.ts'

const calls = await readRecording(fileURLToPath(new URL('./fixtures/session.jsonl', import.meta.url)))

test('a recording is read whole, with the range of time that it covers', () => {
  expect(calls).toHaveLength(797)
  expect(timeRangeOf(calls)).toEqual({ from: '2026-11-24T00:35:12.102Z', to: '2026-11-24T00:44:41.314Z' })
})

test('a line that is no trigger is named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'replay-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'broken.jsonl')
  await writeFile(file, '{"t_ms":0,"trigger":"X","headers":{},"body":""}\n{"t_ms":\n')
  await expect(readRecording(file)).rejects.toThrow('broken.jsonl:2 is not a recorded trigger')
})

test('publishers whose stream lived are told from those that were refused', () => {
  const publishers = [...findPublishers(calls).values()]
  const lived = publishers.filter(({ stream }) => stream !== undefined).map(({ key, stream }) => [key, stream])
  expect(lived).toEqual([
    ['live+test', 'live+test'],
    ['live+short', 'live+short'],
    ['live+copy', 'live+copy'],
    ['secretkey-3', 'live+renamed'],
    ['live+a4', 'live+a4'],
    ['live+a7', 'live+CamelCase'],
    ['live+sp', 'live+sp'],
    ['live+whip', 'live+whip'],
    ['live srt', 'live+srt'],
  ])
  const refused = publishers.filter(({ stream }) => stream === undefined).map(({ key }) => key)
  expect(refused).toEqual(['live+a1', 'live+a2', 'live+a5', 'live+a6', 'live+hang', 'live%2Bsrt'])
  expect(streamsOf(findPublishers(calls))).toHaveLength(9)
})
