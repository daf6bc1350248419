import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { createKey } from '../../shared/identity/key.ts'
import { readConfig } from './config.ts'

const complete = async () => ({
  COMMODORE_URL: 'http://127.0.0.1:18001',
  QUARTERMASTER_URL: 'http://127.0.0.1:18002',
  IDENTITY_KEY: JSON.stringify(await createKey('decklog')),
  EVENT_LOG_URL: 'postgres://event_log:hunter2@127.0.0.1/frameworks',
})

test('complete variables are read, and no secret prints', async () => {
  const settings = readConfig(await complete())
  expect(settings.config.COMMODORE_URL.href).toBe('http://127.0.0.1:18001/')
  expect(inspect(settings) + JSON.stringify(settings)).not.toMatch(/hunter2|"d"/)
})

test('everything that is missing is named at once', () => {
  expect(() => readConfig({})).toThrow(/COMMODORE_URL.*QUARTERMASTER_URL.*IDENTITY_KEY/s)
})

test('there is exactly one event log', async () => {
  const variables = await complete()
  expect(() => readConfig({ ...variables, KAFKA_BROKERS: '127.0.0.1:9092' })).toThrow(/exactly one/)
  expect(() => readConfig({ ...variables, EVENT_LOG_URL: '' })).toThrow(/exactly one/)
})

test('another service’s key is refused', async () => {
  const variables = { ...(await complete()), IDENTITY_KEY: JSON.stringify(await createKey('foghorn')) }
  expect(() => readConfig(variables)).toThrow(/not a key of decklog/)
})
