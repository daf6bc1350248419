import { expect, test } from 'vitest'
import { ConfigError } from '../../shared/config.ts'
import { createKey } from '../../shared/identity/key.ts'
import { readConfig } from './config.ts'
import { DEFAULT_WEIGHTS } from './decision/weights.ts'

test('every missing or wrong binding is named at once', async () => {
  const bindings = { DECKLOG_URL: 'decklog', IDENTITY_KEY: JSON.stringify(await createKey('decklog')), CLUSTERS: {} }
  const read = () => readConfig(bindings)
  expect(read).toThrow(ConfigError)
  expect(read).toThrow(
    /COMMODORE_URL is missing[\s\S]*QUARTERMASTER_URL is missing[\s\S]*DECKLOG_URL[\s\S]*IDENTITY_KEY: is not a key of foghorn/,
  )
})

test('nobody is believed about viewers unless a front is named', async () => {
  const bindings = await goodBindings()
  const fronts = [{}, { TRUSTED_PROXIES: '2' }, { TRUSTED_PROXIES: 'cloudflare' }]
  expect(fronts.map((front) => readConfig({ ...bindings, ...front }).config.TRUSTED_PROXIES)).toEqual([
    0,
    2,
    'cloudflare',
  ])
  expect(() => readConfig({ ...bindings, TRUSTED_PROXIES: 'fastly' })).toThrow(/TRUSTED_PROXIES/)
})

test('hosts without the stream are allowed for what everybody may play, unless told otherwise', async () => {
  const bindings = await goodBindings()
  expect(readConfig(bindings).config.COLD_HOSTS).toBe('public')
  expect(readConfig({ ...bindings, COLD_HOSTS: 'refuse' }).config.COLD_HOSTS).toBe('refuse')
  expect(() => readConfig({ ...bindings, COLD_HOSTS: 'sometimes' })).toThrow(/COLD_HOSTS/)
})

test('weights may be given in part, and only such as exist', async () => {
  const bindings = await goodBindings()
  const weightsOf = (weights: object) => readConfig({ ...bindings, WEIGHTS: JSON.stringify(weights) }).config.WEIGHTS
  expect(readConfig(bindings).config.WEIGHTS).toEqual(DEFAULT_WEIGHTS)
  expect(weightsOf({ distance: 200 })).toEqual({ ...DEFAULT_WEIGHTS, distance: 200 })
  expect(() => weightsOf({ distance: -1 })).toThrow(ConfigError)
  expect(() => weightsOf({ distances: 1 })).toThrow(ConfigError)
})

async function goodBindings() {
  return {
    COMMODORE_URL: 'http://127.0.0.1:1',
    DECKLOG_URL: 'http://127.0.0.1:2',
    QUARTERMASTER_URL: 'http://127.0.0.1:3',
    IDENTITY_KEY: JSON.stringify(await createKey('foghorn')),
  }
}
