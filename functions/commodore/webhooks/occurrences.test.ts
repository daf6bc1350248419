import { afterAll, beforeAll, expect, test } from 'vitest'
import { call } from '../../../shared/client/client.ts'
import { CommandCluster } from '../../../shared/contract/commands.ts'
import { reportNodeHealth, setTenantStatus } from '../../../shared/contract/quartermaster.ts'
import { CreatedWebhookEndpoint, tellTenant, WebhookBody } from '../../../shared/contract/webhooks.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { createNodeKey } from '../../quartermaster/testing/node.ts'
import { ROUTING_DENIAL_FRESH_MS } from '../authorize/routing.ts'
import { SECOND_LOOK_MS } from '../hosts/enqueue-twice.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'
import { openReceiver, type Receiver } from '../testing/receiver.ts'

let door: TestCommodore
let receiver: Receiver
let ann: Account

beforeAll(async () => {
  door = await openCommodore()
  receiver = await openReceiver()
  ann = await door.account('ann')
  const body = { url: `http://127.0.0.1:${receiver.port}/hook` }
  await receive(CreatedWebhookEndpoint, send(door, 'POST /webhook-endpoints', { token: ann.token, body }))
})
afterAll(async () => {
  await receiver[Symbol.asyncDispose]()
  await door[Symbol.asyncDispose]()
})

const asService = (service: string) => ({
  service: 'quartermaster',
  baseUrl: new URL('http://quartermaster.test'),
  token: () => door.quartermaster.identities.service(service, 'quartermaster'),
  fetch: door.quartermaster.fetch,
})
const set = (status: 'active' | 'unpaid' | 'suspended') =>
  call(asService('purser'), setTenantStatus, { tenant_id: ann.tenant_id, status })

/** What the endpoint is told once both outboxes are empty. */
async function told() {
  door.quartermaster.pass(ROUTING_DENIAL_FRESH_MS / 1000)
  await door.quartermaster.deliverTo(door.clientOf('quartermaster'))
  await door.deliver()
  return receiver.received.splice(0).map(({ body }) => WebhookBody.parse(JSON.parse(body)))
}

test.each([
  ['unpaid', 'tenant.unpaid'],
  ['suspended', 'tenant.suspended'],
] as const)('a tenant that is %s is told so, and what it runs ends until it may again', async (status, type) => {
  const platform = await door.quartermaster.tenant('platform')
  const cluster = await door.quartermaster.cluster(platform, 'platform')
  const { internal_name } = await door.stream(ann)
  await told()
  door.foghorn.orders.length = 0
  await set(status)
  await set(status)
  expect(await told()).toMatchObject([{ type, data: { status } }])
  const ended = () =>
    door.foghorn.orders
      .filter(({ cluster_id }) => cluster_id === cluster.id)
      .map(({ command }) => (command.kind === 'terminate_stream' ? command.runtime_name : command.kind))
  expect(ended()).toContain(`live+${internal_name}`)
  door.foghorn.orders.length = 0
  door.quartermaster.pass(SECOND_LOOK_MS / 1000 + 1)
  await door.deliver()
  expect(ended()).toContain(`live+${internal_name}`)
  await set('active')
  expect(await told()).toMatchObject([{ type: 'tenant.activated' }])
})

test('a tenant that may go on before the second look is left on air', async () => {
  await door.stream(ann)
  await set('unpaid')
  await told()
  await set('active')
  await told()
  door.foghorn.orders.length = 0
  door.quartermaster.pass(SECOND_LOOK_MS / 1000 + 1)
  await door.deliver()
  expect(door.foghorn.orders.map((order) => CommandCluster.parse(order))).toEqual([])
})

test('a tenant hears of its hosts: that they joined, fail and are well again', async () => {
  const token = await door.quartermaster.identities.user(ann.tenant_id)
  const owner = { ...(await door.quartermaster.tenant('Ann')), id: ann.tenant_id, token }
  const { id: cluster_id } = await door.quartermaster.cluster(owner)
  const enrolment = await door.quartermaster.enrolmentToken(owner, cluster_id)
  const { publicJwk } = await createNodeKey()
  const joining = { token: enrolment.token, name: 'rack 1', public_jwk: publicJwk }
  await send(door.quartermaster, 'POST /nodes/enrol', { body: joining })
  const [enrolled] = await told()
  expect(enrolled).toMatchObject({ type: 'node.enrolled', data: { name: 'rack 1', cluster_id } })
  const node_id = String(enrolled?.data.node_id)
  const report = async (healthy: boolean) => {
    door.quartermaster.pass(1)
    const nodes = [{ node_id, age_ms: 0, healthy, reasons: healthy ? [] : ['mistserver_silent'] }]
    await call(asService('foghorn'), reportNodeHealth, { cluster_id, nodes })
    return told()
  }
  expect(await report(true)).toEqual([])
  expect(await report(false)).toMatchObject([{ type: 'node.unhealthy', data: { reasons: ['mistserver_silent'] } }])
  expect(await report(false)).toEqual([])
  expect(await report(true)).toMatchObject([{ type: 'node.healthy', data: { node_id } }])
})

test('an occurrence is told once, and by Quartermaster alone', async () => {
  const occurrence = {
    event_id: crypto.randomUUID(),
    tenant_id: ann.tenant_id,
    type: 'node.enrolled' as const,
    subject: 'nod_x',
    at: door.quartermaster.now().toISOString(),
    data: {},
  }
  for (const _ of [1, 2]) await call(door.clientOf('quartermaster'), tellTenant, occurrence)
  expect((await told()).map(({ type }) => type)).toEqual(['node.enrolled'])
  const token = await door.quartermaster.identities.service('decklog', 'commodore')
  expect(await refusal(send(door, 'POST /occurrences', { token, body: occurrence }))).toBe('403 forbidden')
})
