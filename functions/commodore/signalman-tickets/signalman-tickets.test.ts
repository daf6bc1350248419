import { afterAll, beforeAll, expect, test } from 'vitest'
import { IssuedTicket } from '../../../shared/contract/signalman.ts'
import { TICKET_SECONDS } from '../../../shared/contract/signalman-limits.ts'
import { createTicketVerifier, createVerifier } from '../../../shared/identity/verifier.ts'
import { receive, send } from '../../../shared/testing/api.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'

let door: TestCommodore
let ann: Account
beforeAll(async () => {
  door = await openCommodore()
  ann = await door.account('ann')
})
afterAll(() => door[Symbol.asyncDispose]())

const issue = (token: string) => receive(IssuedTicket, send(door, 'POST /signalman/tickets', { token }))

function verifier() {
  const keys = door.quartermaster.identities.keySet
  return { keys, service: 'signalman', clock: door.quartermaster.now }
}

test('a ticket carries what its holder may see, lives for seconds and is no bearer token', async () => {
  const read = createTicketVerifier(verifier())
  const { ticket, expires_in } = await issue(ann.token)
  expect(expires_in).toBe(TICKET_SECONDS)
  const { id, ...told } = await read(ticket)
  expect(told).toMatchObject({
    tenant_id: ann.tenant_id,
    scopes: ['streams:read', 'analytics:read', 'infrastructure:read'],
  })
  expect((await read((await issue(ann.token)).ticket)).id).not.toBe(id)
  await expect(createVerifier(verifier())(ticket)).rejects.toMatchObject({ reason: 'token_issuer' })
  const elsewhere = createTicketVerifier({ ...verifier(), service: 'foghorn' })
  await expect(elsewhere(ticket)).rejects.toMatchObject({ reason: 'token_audience' })
  door.quartermaster.pass(TICKET_SECONDS + 10)
  await expect(read(ticket)).rejects.toMatchObject({ reason: 'token_expired' })
})

test('an API token gets one of its own scopes, or none', async () => {
  const scoped = await door.apiToken(ann, ['analytics:read', 'account:read'])
  const { ticket } = await issue(scoped.token)
  expect((await createTicketVerifier(verifier())(ticket)).scopes).toEqual(['analytics:read'])
  const blind = await door.apiToken(ann, ['account:read'])
  expect((await send(door, 'POST /signalman/tickets', { token: blind.token })).status).toBe(403)
})
