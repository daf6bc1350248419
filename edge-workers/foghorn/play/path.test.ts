import { expect, test } from 'vitest'
import { protocols } from '../../../shared/contract/foghorn.ts'
import { readPlayPath } from './path.ts'

function read(path: string): string {
  const [playback_id = '', protocol, file] = path.split('/')
  const asked = readPlayPath({ playback_id, protocol, file })
  return `${asked.playback_id} ${asked.protocol}`
}

test.each([
  ['id', 'id hls'],
  ['id.m3u8', 'id hls'],
  ['id.MPD', 'id dash'],
  ['id.mp4', 'id mp4'],
  ['id.ll-hls', 'id cmaf'],
  ['id/webrtc', 'id whep'],
  ['id/hls/index.m3u8', 'id hls'],
  ['id/m3u8/index.m3u8', 'id hls'],
  ['id/cmaf/index.m3u8', 'id cmaf'],
  ['id/cmaf/index.mpd', 'id dash'],
  ['id/cmaf/Manifest', 'id smooth'],
  ['id/dash/index.mpd', 'id dash'],
  ['id/smooth/Manifest', 'id smooth'],
])('%s asks for %s', (path, asked) => {
  expect(read(path)).toBe(asked)
})

test.each([
  'id.',
  'id..m3u8',
  'id.betamax',
  'id/betamax',
  'id.m3u8/hls',
  'id/dtsc',
  'id/hls/index.mpd',
  'id/hls/toString',
  'id/mp4/x',
])('%s asks for nothing that is there', (path) => {
  expect(() => read(path)).toThrow(expect.objectContaining({ kind: 'not_found' }))
})

test('what is no playback id is refused as such', () => {
  for (const path of ['', '.m3u8', 'no such', `${'x'.repeat(65)}`, '%00']) {
    expect(() => read(path)).toThrow(expect.objectContaining({ reason: 'invalid_input' }))
  }
})

test('every protocol is asked for by its own name, as a part or as an ending', () => {
  for (const protocol of protocols)
    expect([read(`id/${protocol}`), read(`id.${protocol}`)]).toEqual([`id ${protocol}`, `id ${protocol}`])
})
