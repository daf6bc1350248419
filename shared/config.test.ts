import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ConfigError, databaseVariables, identityKey, readVariables, ServiceUrl, settings } from './config.ts'
import { createKey } from './identity/key.ts'

const Sample = z.object({ ...databaseVariables, SAMPLE_URL: ServiceUrl, IDENTITY_KEY: identityKey('sample') })

function problemsOf(variables: Record<string, string>): readonly string[] {
  try {
    readVariables(Sample, variables)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('every problem is named at once, an empty variable counting as missing', () => {
  expect(problemsOf({ SAMPLE_URL: 'ftp://x', IDENTITY_KEY: '{', DATABASE_URL: '' })).toEqual([
    'DATABASE_URL is missing',
    'SAMPLE_URL: is not an http(s) URL',
    'IDENTITY_KEY: is not JSON',
  ])
})

test('a key of another issuer is refused', async () => {
  const variables = { DATABASE_URL: 'postgres://a@b/c', SAMPLE_URL: 'http://127.0.0.1:1' }
  const own = JSON.stringify(await createKey('sample'))
  expect(problemsOf({ ...variables, IDENTITY_KEY: own })).toEqual([])
  const foreign = JSON.stringify(await createKey('commodore'))
  expect(problemsOf({ ...variables, IDENTITY_KEY: foreign })).toEqual(['IDENTITY_KEY: is not a key of sample'])
})

test('no problem shows a value', () => {
  const variables = { DATABASE_URL: 'mysql://hush', SAMPLE_URL: 'hush', IDENTITY_KEY: '{"d":"hush","kid":"hush"}' }
  expect(problemsOf(variables).join()).not.toContain('hush')
})

test('secrets print as nothing, however they are printed', () => {
  const made = settings({ url: 'x' }, { password: 'hush' })
  expect(made.secrets.password).toBe('hush')
  expect(JSON.stringify(made)).toBe('{"config":{"url":"x"},"secrets":"***"}')
  expect(inspect(made, { showHidden: true })).not.toContain('hush')
})
