import { afterAll, beforeAll, expect, test } from 'vitest'
import { Problem } from '../../shared/http/problem.ts'
import { newId } from '../../shared/ids.ts'
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
  const [method = '', path = ''] = line.split(' ')
  const id = path.startsWith('/clusters') ? clusterId : nodeId
  const body = bodies[line]
  const { status, json } = await answerTo(method, path.replace('{id}', id), body, token)
  return status < 400 ? String(status) : `${status} ${Problem.parse(json).code}`
}

async function answerTo(method: string, path: string, body: object | undefined, token?: string) {
  const answer = await foghorn.edge.fetch(`http://foghorn.test${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: answer.status, json: await answer.json() }
}

test('each operation but playing refuses nobody, and whoever is not of its kind', async () => {
  const { identities } = foghorn
  const operations = await operationsOf({
    fetch: async (request) => Response.json(await (await foghorn.edge.fetch(request.url)).json()),
  })
  const closed = operations.filter(({ auth }) => auth !== 'none')
  expect(closed.map(({ line }) => line).sort()).toEqual([...Object.keys(bodies), 'GET /nodes/{id}/channel'].sort())
  const user = await identities.user(newId('tenant'))
  const stranger = await identities.service('stranger', 'foghorn')
  const misdirected = await identities.service('commodore', 'decklog')
  const otherNode = await identities.node(clusterId)
  for (const { line, auth } of closed) {
    expect(`${line}: ${await ask(line)}`).toBe(`${line}: 401 unauthenticated`)
    expect(`${line}: ${await ask(line, misdirected)}`).toMatch(/: 401 /)
    expect(`${line}: ${await ask(line, user)}`).toBe(`${line}: 403 forbidden`)
    expect(`${line}: ${await ask(line, stranger)}`).toBe(`${line}: 403 forbidden`)
    const refusal = auth === 'node' ? 'not_your_node' : 'forbidden'
    expect(`${line}: ${await ask(line, otherNode)}`).toBe(`${line}: 403 ${refusal}`)
  }
})
