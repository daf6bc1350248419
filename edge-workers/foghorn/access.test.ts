import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../shared/clock.ts'
import { Problem } from '../../shared/http/problem.ts'
import { newId } from '../../shared/ids.ts'
import { expectUnauthenticated, uselessTokens } from '../../shared/testing/access.ts'
import { operationsOf } from '../../shared/testing/operations.ts'
import { type Foghorn, startFoghorn } from '../../stacks/local/edge/testing/foghorn.ts'
import { heartbeat } from './testing/hosts.ts'

let foghorn: Foghorn
beforeAll(async () => {
  foghorn = await startFoghorn()
})
afterAll(() => foghorn[Symbol.asyncDispose]())

const nodeId = newId('node')
const clusterId = newId('cluster')
const command = { kind: 'terminate_stream', runtime_name: 'live+regatta' }
/** A good body of each operation that takes one. */
const bodies: Record<string, object> = {
  'POST /nodes/{id}/heartbeat': heartbeat(),
  'POST /nodes/{id}/commands': { cluster_id: clusterId, command },
  'POST /clusters/{id}/commands': { command },
}

async function ask(line: string, token?: string): Promise<string> {
  const { status, json } = await answerTo(line, token)
  return status < 400 ? String(status) : `${status} ${Problem.parse(json).code}`
}

async function answerTo(line: string, token?: string) {
  const [method = '', path = ''] = line.split(' ')
  const id = path.startsWith('/clusters') ? clusterId : nodeId
  const body = bodies[line]
  const answer = await foghorn.edge.fetch(`http://foghorn.test${path.replace('{id}', id)}`, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: answer.status, json: await answer.json() }
}

test('each operation that is not for everybody refuses nobody, and whoever is not of its kind', async () => {
  const { identities } = foghorn
  const operations = await operationsOf({
    fetch: async (request) => Response.json(await (await foghorn.edge.fetch(request.url)).json()),
  })
  const closed = operations.filter(({ auth }) => auth !== 'none')
  const asked = ['GET /nodes/{id}/channel', 'GET /', 'POST /', 'GET /status']
  expect(closed.map(({ line }) => line).sort()).toEqual([...Object.keys(bodies), ...asked].sort())
  const useless = await uselessTokens(identities, newId('tenant'), systemClock)
  const user = await identities.user(newId('tenant'))
  const stranger = await identities.service('stranger', 'foghorn')
  const otherNode = await identities.node(clusterId)
  for (const { line, auth } of closed) {
    await expectUnauthenticated(line, useless, (token) => answerTo(line, token))
    expect(`${line}: ${await ask(line)}`).toBe(`${line}: 401 unauthenticated`)
    expect(`${line}: ${await ask(line, stranger)}`).toBe(`${line}: 403 forbidden`)
    // Whose hosts these may ask about is tried in load/load.test.ts.
    if (auth === 'tenant or node') continue
    const ofUser = auth === 'tenant' ? '200' : '403 forbidden'
    expect(`${line}: ${await ask(line, user)}`).toBe(`${line}: ${ofUser}`)
    const refusal = auth === 'node' ? 'not_your_node' : 'forbidden'
    expect(`${line}: ${await ask(line, otherNode)}`).toBe(`${line}: 403 ${refusal}`)
  }
})
