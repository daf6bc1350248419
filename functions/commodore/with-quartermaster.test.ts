import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { call } from '../../shared/client/client.ts'
import { LoginResponse } from '../../shared/contract/accounts.ts'
import { authorizePlayback, CreatedApiToken, CreatedStream } from '../../shared/contract/commodore.ts'
import { Cluster, CreatedEnrolmentToken, enrolNode, issueNodeToken } from '../../shared/contract/quartermaster.ts'
import { newEncryptionKeys } from '../../shared/encryption/keys.ts'
import { createKey, toPublicKey } from '../../shared/identity/key.ts'
import { readMails } from '../../shared/mail/folder.ts'
import { freePort } from '../../shared/testing/port.ts'
import { freshDatabase } from '../../shared/testing/postgres.ts'
import { serve } from '../../stacks/local/serve.ts'
import { readConfig as readQuartermasterConfig } from '../quartermaster/config.ts'
import * as quartermasterService from '../quartermaster/service.ts'
import { createNodeKey } from '../quartermaster/testing/node.ts'
import { readConfig } from './config.ts'
import * as commodoreService from './service.ts'
import { tokenIn } from './testing/commodore.ts'

test('over the network, a new tenant’s own host joins, proves itself and is told what it may play', async () => {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await freshDatabase())
  for (const schema of ['commodore', 'quartermaster'] as const) {
    await database.migrate({ schema, folder: new URL(`../${schema}/migrations/`, import.meta.url) })
  }
  const [commodorePort, quartermasterPort] = [await freePort(), await freePort()]
  const keys = { commodore: await createKey('commodore'), quartermaster: await createKey('quartermaster') }
  const commodoreUrl = `http://127.0.0.1:${commodorePort}`
  const quartermasterUrl = `http://127.0.0.1:${quartermasterPort}`
  const mailFolder = await mkdtemp(join(tmpdir(), 'mails-'))
  stack.defer(() => rm(mailFolder, { recursive: true }))
  const common = {
    APP_URL: commodoreUrl,
    MAIL_FOLDER: mailFolder,
    COMMODORE_URL: commodoreUrl,
    QUARTERMASTER_URL: quartermasterUrl,
    FOGHORN_URL: 'http://127.0.0.1:18008',
    ENCRYPTION_KEYS: newEncryptionKeys('k1'),
    DATABASE_WS_PROXY: database.wsProxy,
    IDENTITY_PUBLIC_KEYS: JSON.stringify({ keys: Object.values(keys).map(toPublicKey) }),
  }
  const variables = (service: 'commodore' | 'quartermaster') => ({
    ...common,
    IDENTITY_KEY: JSON.stringify(keys[service]),
    DATABASE_URL: database.urlAs(service),
  })
  const commodore = stack.use(await commodoreService.open(readConfig(variables('commodore'))))
  stack.use(await serve(commodore, commodorePort))
  const settings = readQuartermasterConfig(variables('quartermaster'))
  const quartermaster = stack.use(await quartermasterService.open(settings))
  stack.use(await serve(quartermaster, quartermasterPort))

  const post = async (url: string, body: object, token?: string): Promise<unknown> => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
    expect(response.ok, `${url} answered ${response.status}`).toBe(true)
    return response.json()
  }
  const credentials = { email: 'ann@example.com', password: 'correct horse' }
  await post(`${commodoreUrl}/auth/register`, credentials)
  await commodore.jobs?.outbox?.run(AbortSignal.timeout(10_000))
  const [mail] = await readMails(mailFolder)
  await post(`${commodoreUrl}/auth/verify-email`, { token: tokenIn(mail?.text ?? '') })
  const { access_token } = LoginResponse.parse(await post(`${commodoreUrl}/auth/login`, credentials))
  const wanted = { name: 'ci', scopes: ['streams:write', 'infrastructure:write'] }
  const { token } = CreatedApiToken.parse(await post(`${commodoreUrl}/api-tokens`, wanted, access_token))
  // Before the cluster: with the first stream Commodore learns, for a while, which clusters serve the tenant.
  const stream = CreatedStream.parse(await post(`${commodoreUrl}/streams`, { title: 'Regatta' }, token))
  const cluster = Cluster.parse(await post(`${quartermasterUrl}/clusters`, { name: 'home' }, token))
  const rack = { cluster_id: cluster.id, name: 'rack' }
  const enrolment = CreatedEnrolmentToken.parse(await post(`${quartermasterUrl}/enrolment-tokens`, rack, token))

  const key = await createNodeKey()
  const asNobody = { service: 'quartermaster', baseUrl: new URL(quartermasterUrl) }
  const joining = { token: enrolment.token, name: 'edge', public_jwk: key.publicJwk }
  const { node_id } = await call(asNobody, enrolNode, joining)
  const assertion = await key.assert(node_id, { now: new Date() })
  const node = await call(asNobody, issueNodeToken, { node_id, assertion })
  const asNode = { service: 'commodore', baseUrl: new URL(commodoreUrl), token: async () => node.token }
  const ask = async (user: string) =>
    (await fetch(`${quartermasterUrl}/clusters`, { headers: { authorization: `Bearer ${user}` } })).status
  expect(await ask(access_token)).toBe(200)
  const other = LoginResponse.parse(await post(`${commodoreUrl}/auth/login`, credentials)).access_token
  await fetch(`${commodoreUrl}/auth/logout-all`, { method: 'POST', headers: { authorization: `Bearer ${other}` } })
  expect(await ask(other)).toBe(401)

  expect(await call(asNode, authorizePlayback, { playback_id: stream.playback_id })).toMatchObject({
    allowed: true,
    stream_id: stream.id,
    cluster_ids: [cluster.id],
  })
})
