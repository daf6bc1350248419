import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { LoginResponse } from '../../../shared/contract/accounts.ts'
import {
  INVITATIONS_MAX,
  Invitation,
  Member,
  Membership,
  SwitchTenantResponse,
} from '../../../shared/contract/members.ts'
import { Page } from '../../../shared/contract/page.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { INVITATION_DAYS } from '../invitations/invitations.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'
import { INVITE_OF_TENANT } from '../throttle/allowances.ts'

let door: TestCommodore
let ann: Account
let bob: Account
let turn = 0

beforeAll(async () => {
  door = await openCommodore()
})
afterAll(() => door[Symbol.asyncDispose]())
beforeEach(async () => {
  turn++
  ann = await door.account(`ann${turn}`)
  bob = await door.account(`bob${turn}`)
})

const invite = (account: Account, email: string, role = 'member') =>
  send(door, 'POST /invitations', { token: account.token, body: { email, role } })
const accept = (account: Account, token: string) =>
  send(door, 'POST /invitations/accept', { token: account.token, body: { token } })
const change = (account: Account, userId: string, role: string) =>
  refusal(send(door, `PATCH /members/${userId}`, { token: account.token, body: { role } }))
const remove = (account: Account, userId: string) =>
  refusal(send(door, `DELETE /members/${userId}`, { token: account.token }))
const membersOf = async (account: Account) =>
  (await receive(Page(Member), send(door, 'GET /members', { token: account.token }))).data
const switchTo = (account: Account, tenant_id: string) =>
  send(door, 'POST /auth/switch-tenant', { token: account.token, body: { tenant_id } })

/** Lets `guest` into the host's tenant and gives the guest's account there. */
async function join(host: Account, guest: Account, role: string): Promise<Account> {
  expect(await refusal(invite(host, guest.email, role))).toBe('201')
  expect(await refusal(accept(guest, await door.mailedTo(guest.email)))).toBe('200')
  const { access_token } = await receive(SwitchTenantResponse, switchTo(guest, host.tenant_id))
  return { ...guest, tenant_id: host.tenant_id, token: access_token }
}

describe('an invitation', () => {
  test('makes a member, who switches between tenants and sees each as its role lets it', async () => {
    const there = await join(ann, bob, 'viewer')
    expect((await membersOf(ann)).map(({ email, role }) => [email, role])).toEqual([
      [ann.email, 'owner'],
      [bob.email, 'viewer'],
    ])
    const mine = z.object({ data: z.array(Membership) })
    const { data } = await receive(mine, send(door, 'GET /memberships', { token: bob.token }))
    expect(data.map(({ tenant }) => tenant)).toEqual([
      { id: bob.tenant_id, role: 'owner' },
      { id: ann.tenant_id, role: 'viewer' },
    ])
    const stream = await door.stream(ann)
    expect(await refusal(send(door, `GET /streams/${stream.id}`, { token: there.token }))).toBe('200')
    expect(await refusal(send(door, `GET /streams/${stream.id}`, { token: bob.token }))).toBe('404 stream_not_found')
    expect(await refusal(send(door, 'POST /streams', { token: there.token, body: { title: 'x' } }))).toBe(
      '403 forbidden',
    )
    expect(await refusal(switchTo(ann, bob.tenant_id))).toBe('404 tenant_not_found')
  })

  test('redeemed twice at once is accepted once', async () => {
    await invite(ann, bob.email)
    const token = await door.mailedTo(bob.email)
    const answers = await Promise.all([1, 2, 3].map(() => refusal(accept(bob, token))))
    expect(answers.toSorted()).toEqual(['200', '422 invitation_invalid', '422 invitation_invalid'])
    expect(await membersOf(ann)).toHaveLength(2)
  })

  test('is for its address alone, for some days, and until it is taken back', async () => {
    await invite(ann, bob.email)
    const token = await door.mailedTo(bob.email)
    const stranger = await door.account(`cat${turn}`)
    expect(await refusal(accept(stranger, token))).toBe('403 invitation_for_another')
    expect(await refusal(accept(bob, 'mt_unknown'))).toBe('422 invitation_invalid')
    const waiting = () => receive(Page(Invitation), send(door, 'GET /invitations', { token: ann.token }))
    const [invitation] = (await waiting()).data
    expect(await refusal(send(door, `DELETE /invitations/${invitation?.id}`, { token: ann.token }))).toBe('204')
    expect(await refusal(accept(bob, token))).toBe('422 invitation_invalid')
    expect((await waiting()).data).toEqual([])
    await invite(ann, bob.email)
    const late = await door.mailedTo(bob.email)
    door.quartermaster.pass(INVITATION_DAYS * 86_400)
    bob.token = (await door.login(bob.email)).access_token
    expect(await refusal(accept(bob, late))).toBe('422 invitation_invalid')
  })

  test('waits once for an address, is not sent to members, and only an owner makes owners by it', async () => {
    expect(await refusal(invite(ann, 'guest@example.com'))).toBe('201')
    const again = await Promise.all([1, 2].map(() => refusal(invite(ann, 'guest@example.com'))))
    expect(again).toEqual(['409 already_invited', '409 already_invited'])
    expect(await refusal(invite(ann, ann.email))).toBe('409 already_member')
    const admin = await join(ann, bob, 'admin')
    expect(await refusal(invite(admin, 'other@example.com', 'owner'))).toBe('403 owners_only')
    expect(await refusal(invite(admin, 'other@example.com', 'admin'))).toBe('201')
  })

  test('is one of a bounded number that wait, and of a bounded number that are sent', async () => {
    await door.owner.query(
      `insert into commodore.invitations (id, tenant_id, email, role, created_at, expires_at)
       select 'inv_' || n || $1, $1, n || '@example.com', 'viewer', $2, $3 from generate_series(1, $4) n`,
      [ann.tenant_id, door.quartermaster.now(), new Date('2100-01-01'), INVITATIONS_MAX],
    )
    for (let n = 0; n < INVITE_OF_TENANT.burst; n++) {
      expect(await refusal(invite(ann, 'more@example.com'))).toBe('409 too_many_invitations')
    }
    expect(await refusal(invite(ann, 'more@example.com'))).toBe('429 too_many_attempts')
  })
})

describe('a tenant keeps an owner', () => {
  test('who can neither leave nor be demoted while alone, whatever happens at once', async () => {
    expect(await change(ann, ann.user_id, 'admin')).toBe('409 last_owner')
    expect(await remove(ann, ann.user_id)).toBe('409 last_owner')
    const leave = (account: Account) =>
      refusal(send(door, `DELETE /memberships/${ann.tenant_id}`, { token: account.token }))
    expect(await leave(ann)).toBe('409 last_owner')
    const there = await join(ann, bob, 'owner')
    const answers = await Promise.all([change(ann, bob.user_id, 'member'), change(there, ann.user_id, 'member')])
    expect(answers.toSorted()).toEqual(['200', '403 owners_only'])
    const owners = (await membersOf(ann)).filter(({ role }) => role === 'owner')
    expect(owners).toHaveLength(1)
  })

  test('and two owners who leave at once do not leave it empty', async () => {
    const there = await join(ann, bob, 'owner')
    const answers = await Promise.all([remove(ann, ann.user_id), remove(there, bob.user_id)])
    expect(answers.toSorted()).toEqual(['204', '409 last_owner'])
  })

  test('and an admin does not touch owners', async () => {
    const admin = await join(ann, bob, 'admin')
    expect(await change(admin, ann.user_id, 'viewer')).toBe('403 owners_only')
    expect(await change(admin, bob.user_id, 'owner')).toBe('403 owners_only')
    expect(await remove(admin, ann.user_id)).toBe('403 owners_only')
    expect(await change(admin, bob.user_id, 'member')).toBe('200')
  })
})

test('a removed member’s session goes on in the own tenant, and the member’s API tokens end', async () => {
  const there = await join(ann, bob, 'admin')
  const { token } = await door.apiToken(there, ['streams:read'])
  const session = await door.login(bob.email)
  const moved = { ...bob, token: session.access_token }
  await receive(SwitchTenantResponse, switchTo(moved, ann.tenant_id))
  const refresh = (refresh_token: string) =>
    receive(LoginResponse, send(door, 'POST /auth/refresh', { body: { refresh_token } }))
  const stays = await refresh(session.refresh_token)
  expect(stays.tenant).toEqual({ id: ann.tenant_id, role: 'admin' })
  expect(await remove(ann, bob.user_id)).toBe('204')
  expect((await refresh(stays.refresh_token)).tenant).toEqual({ id: bob.tenant_id, role: 'owner' })
  expect(await refusal(send(door, 'GET /streams', { token }))).toBe('401 api_token_maker_gone')
  expect(await remove(ann, bob.user_id)).toBe('404 member_not_found')
})

test('a new role counts at once, and a membership that ended leaves its tokens nothing', async () => {
  const there = await join(ann, bob, 'admin')
  const create = () => refusal(send(door, 'POST /streams', { token: there.token, body: { title: 'x' } }))
  expect(await create()).toBe('201')
  expect(await change(ann, bob.user_id, 'viewer')).toBe('200')
  expect(await create()).toBe('403 forbidden')
  expect(await remove(ann, bob.user_id)).toBe('204')
  expect(await create()).toBe('401 membership_ended')
  expect(await refusal(send(door, 'GET /me', { token: bob.token }))).toBe('200')
  const again = await join(ann, bob, 'member')
  const leave = () => refusal(send(door, `DELETE /memberships/${ann.tenant_id}`, { token: again.token }))
  expect([await leave(), await leave()]).toEqual(['204', '401 membership_ended'])
})

test('a session that was ended does not switch', async () => {
  await join(ann, bob, 'viewer')
  await send(door, 'POST /auth/logout-all', { token: bob.token })
  expect(await refusal(switchTo(bob, ann.tenant_id))).toBe('401 session_revoked')
})
