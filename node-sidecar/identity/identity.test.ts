import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openQuartermaster } from '../../functions/quartermaster/testing/quartermaster.ts'
import type { Client } from '../../shared/client/client.ts'
import { createVerifier } from '../../shared/identity/verifier.ts'
import { freshFolder } from '../testing/folder.ts'
import { captureLog } from '../testing/log-lines.ts'
import { enrol } from './enrol.ts'
import { loadNodeFile } from './node-file.ts'
import { createNodeTokens } from './node-tokens.ts'

const quartermaster = await openQuartermaster()
afterAll(() => quartermaster[Symbol.asyncDispose]())
const client: Client = {
  service: 'quartermaster',
  baseUrl: new URL('http://q.test'),
  fetch: (r) => quartermaster.fetch(r),
}

async function freshHost() {
  const owner = await quartermaster.tenant('media')
  const cluster = await quartermaster.cluster(owner)
  const { token } = await quartermaster.enrolmentToken(owner, cluster.id)
  const { log, lines } = captureLog()
  const path = join(await freshFolder(), 'node.json')
  const options = { quartermaster: client, path, token, node: { name: 'edge 1', address: 'http://edge1.test' }, log }
  return { options, path, token, lines, cluster_id: cluster.id }
}

test('a host enrols once and knows itself afterwards without a token', async () => {
  const { options, token, lines, cluster_id } = await freshHost()
  const identity = await enrol(options)
  expect(identity.cluster_id).toBe(cluster_id)
  const down: Client = { ...client, fetch: () => Promise.reject(new TypeError('down')) }
  expect(await enrol({ ...options, quartermaster: down, token: undefined })).toEqual(identity)
  expect(lines.join('')).not.toContain(token)
})

test('an answer that was lost is asked for again with the same key, on the same token', async () => {
  const { options } = await freshHost()
  const seen: string[] = []
  const lossy: Client = {
    ...client,
    fetch: async (request) => {
      seen.push(await request.clone().text())
      await quartermaster.fetch(request)
      throw new TypeError('connection lost')
    },
  }
  await expect(enrol({ ...options, quartermaster: lossy })).rejects.toMatchObject({ kind: 'unavailable', retry: true })
  const identity = await enrol(options)
  expect(identity.node_id).toMatch(/^nod_/)
  expect(seen[0]).toContain(identity.key.x)
  expect(seen[0]).not.toContain(identity.key.d)
})

test('a refused token is final, a missing one is named', async () => {
  const { options } = await freshHost()
  await expect(enrol({ ...options, token: 'en_unknown' })).rejects.toMatchObject({ kind: 'forbidden', retry: false })
  await expect(enrol({ ...options, token: undefined })).rejects.toMatchObject({ reason: 'enrolment_token_missing' })
})

test('the private key is readable by its owner only, also when somebody has opened it', async () => {
  const { options, path } = await freshHost()
  await enrol(options)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  await chmod(path, 0o644)
  await loadNodeFile(path)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('a broken file is not replaced, and what it holds is not repeated', async () => {
  const { path } = await freshHost()
  await writeFile(path, '{"key":{"d":"secret"}}')
  const error = await loadNodeFile(path).catch((fault: unknown) => fault)
  expect(error).toMatchObject({ reason: 'node_file_broken' })
  expect(String(error)).not.toContain('secret')
  expect(await readFile(path, 'utf8')).toBe('{"key":{"d":"secret"}}')
})

async function tokensOfFreshHost() {
  const { options } = await freshHost()
  const identity = await enrol(options)
  const asked: Promise<Response>[] = []
  let up = true
  const counting: Client = {
    ...client,
    fetch: (request) => {
      const answer = up ? Promise.resolve(quartermaster.fetch(request)) : Promise.reject(new TypeError('down'))
      asked.push(answer)
      return answer
    },
  }
  const token = createNodeTokens({
    ...identity,
    quartermaster: counting,
    clock: () => quartermaster.now(),
    uptime: () => quartermaster.now().getTime(),
  })
  return { identity, token, asked, goDown: () => (up = false), comeUp: () => (up = true) }
}

test('a token is got with the node’s own key, shared by all callers, and says which node it is', async () => {
  const { identity, token, asked } = await tokensOfFreshHost()
  const [first, second] = await Promise.all([token(), token()])
  expect(first).toBe(second)
  expect(await token()).toBe(first)
  expect(asked).toHaveLength(1)
  const clock = () => quartermaster.now()
  const verify = createVerifier({ keys: quartermaster.keySet, service: 'commodore', clock })
  expect(await verify(first)).toEqual({ kind: 'node', node_id: identity.node_id, cluster_id: identity.cluster_id })
})

test('a token is renewed before its end, and used to its end while that fails', async () => {
  const { token, asked, goDown, comeUp } = await tokensOfFreshHost()
  const first = await token()
  quartermaster.pass(11 * 60)
  goDown()
  expect(await token()).toBe(first)
  await expect.poll(() => asked.length).toBe(2)
  await expect(asked[1]).rejects.toThrow()
  quartermaster.pass(5 * 60)
  await expect(token()).rejects.toMatchObject({ reason: 'quartermaster_unreachable' })
  comeUp()
  expect(await token()).not.toBe(first)
})

test('a renewal in time happens beside the callers', async () => {
  const { token, asked } = await tokensOfFreshHost()
  const first = await token()
  quartermaster.pass(11 * 60)
  expect(await token()).toBe(first)
  await expect.poll(token).not.toBe(first)
  expect(asked).toHaveLength(2)
})
