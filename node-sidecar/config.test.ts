import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { readConfig } from './config.ts'

const least = {
  COMMODORE_URL: 'http://127.0.0.1:18001',
  QUARTERMASTER_URL: 'http://127.0.0.1:18002',
  DECKLOG_URL: 'http://127.0.0.1:18006',
  HELMSMAN_STATE_PATH: '/var/lib/helmsman',
}

test('what is not said has a default that is safe', () => {
  const { config } = readConfig({ ...least, FOGHORN_URL: '' })
  expect(config).toMatchObject({ HELMSMAN_BIND: '127.0.0.1', HELMSMAN_PORT: 18_007, HELMSMAN_ALLOW_REMOTE: false })
  expect(config.MIST_URL.href).toBe('http://127.0.0.1:4242/')
  expect(config.FOGHORN_URL).toBeUndefined()
})

test('all problems are named at once, by name and not by value', () => {
  const read = () => readConfig({ DECKLOG_URL: 'hunter2', HELMSMAN_PORT: '70000', NODE_ADDRESS: 'edge1' })
  expect(read).toThrow(/COMMODORE_URL.*HELMSMAN_STATE_PATH is missing/s)
  expect(read).toThrow(/DECKLOG_URL.*HELMSMAN_PORT.*NODE_ADDRESS/s)
  expect(read).not.toThrow(/hunter2/)
})

test('secrets do not print', () => {
  const settings = readConfig({ ...least, ENROLMENT_TOKEN: 'en_hunter2', MIST_PASSWORD: 'hunter2' })
  expect(settings.secrets.ENROLMENT_TOKEN).toBe('en_hunter2')
  expect(inspect(settings) + JSON.stringify(settings)).not.toContain('hunter2')
})

test('other media hosts are addresses and ranges, and none when nobody says', () => {
  expect(readConfig(least).config.MEDIA_HOSTS).toEqual([])
  const { config } = readConfig({ ...least, MEDIA_HOSTS: '192.0.2.7, 2001:db8::/64' })
  expect(config.MEDIA_HOSTS).toEqual(['192.0.2.7', '2001:db8::/64'])
  expect(() => readConfig({ ...least, MEDIA_HOSTS: '192.0.2.7,edge1.example' })).toThrow(/MEDIA_HOSTS/)
})
