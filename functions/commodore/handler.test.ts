import type { LambdaContext } from 'hono/aws-lambda'
import { afterAll, expect, test, vi } from 'vitest'
import { newEncryptionKeys } from '../../shared/encryption/keys.ts'
import { createKey } from '../../shared/identity/key.ts'
import { freshDatabase } from '../../shared/testing/postgres.ts'

const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true)

afterAll(() => {
  vi.unstubAllEnvs()
  written.mockRestore()
})

test('Lambda’s events reach the same API', async () => {
  await using database = await freshDatabase()
  await database.migrate({ schema: 'commodore', folder: new URL('migrations/', import.meta.url) })
  vi.stubEnv('APP_URL', 'http://127.0.0.1:18090')
  vi.stubEnv('MAIL_FROM', 'no-reply@example.com')
  vi.stubEnv('QUARTERMASTER_URL', 'http://127.0.0.1:18002')
  vi.stubEnv('FOGHORN_URL', 'http://127.0.0.1:18008')
  vi.stubEnv('SST_RESOURCE_App', '{}')
  link('CommodoreIdentityKey', JSON.stringify(await createKey('commodore')))
  link('IdentityPublicKeys', '{"keys":[]}')
  link('CommodoreEncryptionKeys', newEncryptionKeys('k1'))
  link('CommodoreDatabaseUrl', database.urlAs('commodore'))
  vi.stubEnv('DATABASE_WS_PROXY', database.wsProxy)
  const { handler, jobs } = await import('./handler.ts')
  const ask = (method: string, path: string, body?: string) => handler(eventOf(method, path, body), context)
  expect(await ask('GET', '/health')).toMatchObject({ statusCode: 200, body: expect.stringContaining('"ok"') })
  expect(await ask('GET', '/streams/str_x/keys')).toMatchObject({ statusCode: 401 })
  await jobs()
  const wrong = await ask('POST', '/auth/login', '{"email":"a@example.com","password":"wrong password"}')
  expect(wrong).toMatchObject({ statusCode: 401, body: expect.stringContaining('invalid_credentials') })
  expect(written).toHaveBeenCalledWith(expect.stringContaining('"route":"/auth/login"'))
})

/** A secret of the stack, as SST gives it to a process. */
function link(name: string, value: string): void {
  vi.stubEnv(`SST_RESOURCE_${name}`, JSON.stringify({ value, type: 'sst.sst.Secret' }))
}

// What Hono's adapter reads of it; the rest of Lambda's context is not used.
const context = {} as LambdaContext

function eventOf(method: string, path: string, body: string | undefined) {
  const http = { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' }
  const gateway = {
    accountId: '1',
    apiId: '1',
    domainName: 'commodore.test',
    domainPrefix: 'commodore',
    stage: '$default',
  }
  const call = { requestId: '1', routeKey: '$default', time: '01/Jan/2026:00:00:00 +0000', timeEpoch: 0 }
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { 'content-type': 'application/json', host: 'commodore.test' },
    body: body ?? null,
    isBase64Encoded: false,
    requestContext: { ...gateway, ...call, authentication: null, authorizer: {}, http },
  }
}
