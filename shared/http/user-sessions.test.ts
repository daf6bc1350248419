import { expect, test } from 'vitest'
import type { Client } from '../client/client.ts'
import type { UserActor } from '../context.ts'
import { newId } from '../ids.ts'
import { createUserConfirmer, SESSION_VERDICT_MS } from './user-sessions.ts'

const START = Date.parse('2026-01-01T00:00:00Z')
const good = { valid: true, role: 'member', operator: false }
const user: UserActor = {
  kind: 'user',
  user_id: newId('user'),
  session_id: newId('session'),
  tenant_id: newId('tenant'),
  role: 'owner',
  operator: true,
}

/** A confirmer before a Commodore that answers whatever `answer` gives, and counts. */
function setUp(answer: () => Response) {
  const state = { now: START, asked: 0, answer }
  const fetch = () => {
    state.asked++
    return state.answer()
  }
  const client: Client = { service: 'commodore', baseUrl: new URL('http://commodore.test'), fetch }
  return { state, confirm: createUserConfirmer(client, () => new Date(state.now)) }
}

test('a user is what Commodore says now, asked once for many requests and again after ten seconds', async () => {
  const { state, confirm } = setUp(() => Response.json(good))
  const [first] = await Promise.all([confirm(user), confirm(user), confirm(user)])
  expect(first).toEqual({ ...user, role: 'member', operator: false })
  state.now += SESSION_VERDICT_MS - 1
  await confirm(user)
  expect(state.asked).toBe(1)
  await confirm({ ...user, session_id: newId('session') })
  await confirm({ ...user, tenant_id: newId('tenant') })
  expect(state.asked).toBe(3)
  state.answer = () => Response.json({ valid: false, reason: 'session_revoked' })
  state.now += 2
  await expect(confirm(user)).rejects.toMatchObject({ status: 401, reason: 'session_revoked' })
})

test('while Commodore is away a token is worth what it says, and Commodore is left alone for ten seconds', async () => {
  const { state, confirm } = setUp(() => new Response(null, { status: 503 }))
  expect(await confirm(user)).toEqual(user)
  expect(await confirm(user)).toEqual(user)
  expect(state.asked).toBe(1)
  state.answer = () => Response.json({ valid: false, reason: 'membership_ended' })
  state.now += SESSION_VERDICT_MS + 1
  await expect(confirm(user)).rejects.toMatchObject({ reason: 'membership_ended' })
})

test('a Commodore that refuses to say is our mistake, which lets nobody in', async () => {
  const { confirm } = setUp(() => new Response(null, { status: 403 }))
  await expect(confirm(user)).rejects.toMatchObject({ kind: 'internal' })
})
