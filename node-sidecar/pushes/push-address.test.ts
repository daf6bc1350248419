import { expect, test } from 'vitest'
import { RESOLVE_TIMEOUT_MS, requirePublicTarget } from './push-address.ts'

const PUBLIC = '93.184.215.14'
const resolvesTo =
  (...addresses: string[]) =>
  async () =>
    addresses

test.each([
  `rtmp://${PUBLIC}/app/secret`,
  'rtmp://live.example.com/app/secret?bandwidthtest=true',
  'rtmps://live.example.com:443/app/secret',
  'srt://live.example.com:9000?streamid=secret',
  'srt://[2606:4700::1111]:9000?streamid=secret',
])('%s leads to the public internet', async (url) => {
  await expect(requirePublicTarget(url, resolvesTo(PUBLIC, '2606:4700::1111'))).resolves.toBeUndefined()
})

test.each([
  ['push_address_not_public', 'rtmp://10.0.0.1/app/secret', []],
  ['push_address_not_public', 'srt://[::1]:9000?streamid=secret', []],
  ['push_address_not_public', 'rtmp://localhost/app/secret', []],
  ['push_address_not_public', 'rtmp://live.example.com/app/secret', ['10.0.0.1']],
  ['push_address_not_public', 'rtmp://live.example.com/app/secret', [PUBLIC, '169.254.169.254']],
  ['push_address_not_public', 'rtmp://live.example.com/app/secret', []],
  ['push_target_unsafe', '/recordings/regatta.mp4', []],
  ['push_target_unsafe', 'http://live.example.com/app/secret', [PUBLIC]],
  ['push_target_unsafe', 'rtmp://user:secret@live.example.com/app', [PUBLIC]],
  // MistServer would write a playlist there, or send what its operator keeps in a variable.
  ['push_target_unsafe', 'rtmp://live.example.com/app/secret#m3u8=/etc/cron.d/x', [PUBLIC]],
  ['push_target_unsafe', 'rtmp://live.example.com/app/$wildcard', [PUBLIC]],
])('%s: %s at %s', async (reason, url, addresses) => {
  const failed = await requirePublicTarget(url, resolvesTo(...addresses)).catch((error: unknown) => error)
  expect(failed).toMatchObject({ reason })
  expect(String(failed)).not.toContain('secret')
})

test('a name that is unknown, or that nobody looks up in time, is no target', async () => {
  const url = 'rtmp://live.example.com/app/secret'
  const unknown = () => Promise.reject(new Error('ENOTFOUND'))
  await expect(requirePublicTarget(url, unknown)).rejects.toMatchObject({ reason: 'push_name_unknown' })
  const begun = performance.now()
  const never = () => new Promise<never>(() => undefined)
  await expect(requirePublicTarget(url, never)).rejects.toMatchObject({ reason: 'push_name_unknown' })
  expect(performance.now() - begun).toBeGreaterThanOrEqual(RESOLVE_TIMEOUT_MS - 5)
})
