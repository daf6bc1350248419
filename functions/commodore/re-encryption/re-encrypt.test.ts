import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PushTarget } from '../../../shared/contract/push-targets.ts'
import { CreatedWebhookEndpoint } from '../../../shared/contract/webhooks.ts'
import { createEncryption } from '../../../shared/encryption/encryption.ts'
import { encryptionVariables, newEncryptionKeys } from '../../../shared/encryption/keys.ts'
import { receive, send } from '../../../shared/testing/api.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'
import { places } from './places.ts'
import { BATCH_MAX, reEncrypt } from './re-encrypt.ts'

const MAIN = new URL('main.ts', import.meta.url).pathname
const OLD_ADDRESS = 'rtmp://live.example.com/app/old-secret'
const NEW_ADDRESS = 'rtmp://live.example.com/app/new-secret'

let door: TestCommodore
let ann: Account
let bob: Account

/** Two tenants with a secret of each kind, and one that a rotation left behind. */
beforeEach(async () => {
  door = await openCommodore()
  ann = await door.account('ann')
  bob = await door.account('bob')
  await door.jobs.identity?.run(AbortSignal.timeout(10_000))
  for (const { token } of [ann, bob]) {
    const endpoint = { url: 'https://hooks.example.com' }
    const { id } = await receive(
      CreatedWebhookEndpoint,
      send(door, 'POST /webhook-endpoints', { token, body: endpoint }),
    )
    await send(door, `POST /webhook-endpoints/${id}/rotate-secret`, { token, body: {} })
    const stream = await door.stream(token === ann.token ? ann : bob)
    const targets = `/streams/${stream.id}/push-targets`
    const target = { name: 'x', url: OLD_ADDRESS }
    const { id: targetId } = await receive(PushTarget, send(door, `POST ${targets}`, { token, body: target }))
    await receive(PushTarget, send(door, `PATCH ${targets}/${targetId}`, { token, body: { url: NEW_ADDRESS } }))
  }
})
afterEach(() => door[Symbol.asyncDispose]())

const K2 = newEncryptionKeys('k2')
const keysOf = (text: string) => encryptionVariables.parse({ ENCRYPTION_KEYS: text }).ENCRYPTION_KEYS
const both = () => `${K2},${door.variables.ENCRYPTION_KEYS}`
const run = (keys: string) =>
  promisify(execFile)(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH ?? '', ...door.variables, ENCRYPTION_KEYS: keys },
  })

/** Everything that is encrypted, as it lies there, by kind and row. */
async function everything(): Promise<{ kind: string; id: string; text: string; of: string }[]> {
  const { rows } = await door.owner.query(`
    select 'secret' as kind, id, id as of, secret as text from commodore.webhook_endpoints
    union all select 'previous', id, id, previous_secret from commodore.webhook_endpoints where previous_secret is not null
    union all select 'target', id, id, encrypted_url from commodore.push_targets
    union all select 'key', kid, kid, private_key from commodore.identity_keys
    union all select 'left', id, payload->>'target_id', payload->>'left' from commodore.outbox where payload->>'left' is not null
    order by kind, id`)
  return rows
}

const purposes = {
  secret: 'webhook-secret',
  previous: 'webhook-secret',
  target: 'push-target',
  key: 'identity-key',
  left: 'push-target',
}
async function opened(keys: string): Promise<string[]> {
  const encryption = createEncryption(keysOf(keys))
  const all = await everything()
  return Promise.all(
    all.map(({ kind, of, text }) => encryption.decrypt(text, { purpose: purposes[kind as keyof typeof purposes], of })),
  )
}

/** Whether somebody waits for such a lock in this test's own database. */
async function waitsFor(event: string): Promise<boolean> {
  const waits = 'select from pg_stat_activity where datname = current_database() and wait_event = $1'
  return ((await door.owner.query(waits, [event])).rowCount ?? 0) > 0
}

test('everything comes under the first key, once, and is what it was', async () => {
  const before = await opened(door.variables.ENCRYPTION_KEYS)
  // Two endpoints with two secrets each, two targets, what each was changed from twice over, and the next signing key.
  expect((await everything()).map(({ kind }) => kind)).toEqual([
    ...['key', 'left', 'left', 'left', 'left', 'previous', 'previous', 'secret', 'secret', 'target', 'target'],
  ])
  const { stdout, stderr } = await run(both())
  expect({ lines: stdout.split('\n'), stderr }).toEqual({
    lines: [
      'webhook secret: 2 written anew',
      'previous webhook secret: 2 written anew',
      'push target: 2 written anew',
      'identity key: 1 written anew',
      'address in a waiting change of a push target: 4 written anew',
      'Everything is under key k2.',
      '',
    ],
    stderr: '',
  })
  expect(await opened(K2)).toEqual(before)
  expect(before).toContain(NEW_ADDRESS)
  expect(before).toContain(OLD_ADDRESS)

  const texts = await everything()
  expect((await run(both())).stdout).toBe('Everything is under key k2.\n')
  expect(await everything()).toEqual(texts)
})

test('what no key opens is told by its row, the rest is done, and the run fails', async () => {
  const [target] = (await everything()).filter(({ kind }) => kind === 'target')
  const [secret] = (await everything()).filter(({ kind }) => kind === 'secret')
  const lost = newEncryptionKeys('k0')
  const text = await createEncryption(keysOf(lost)).encrypt(OLD_ADDRESS, {
    purpose: 'push-target',
    of: target?.id ?? '',
  })
  await door.owner.query('update commodore.push_targets set encrypted_url = $1 where id = $2', [text, target?.id])
  // Copied from one row to another, it opens for neither.
  await door.owner.query('update commodore.webhook_endpoints set secret = $1 where id = $2', [target?.text, secret?.id])

  const failed = await run(both()).catch((error: unknown) => error)
  const complaints = [
    `webhook secret, ${secret?.id}: its key does not open it`,
    `push target, ${target?.id}: the encryption key k0 is not known`,
    '2 not under key k2: keep the older keys, and run this again.',
  ]
  expect(failed).toMatchObject({ code: 1, stderr: `${complaints.join('\n')}\n` })
  expect(failed).toMatchObject({ stdout: expect.stringContaining('push target: 1 written anew') })
  const keys = (await everything()).map((each) => each.text.split('.')[1])
  expect(keys.toSorted()).toEqual(['k0', 'k1', ...Array.from({ length: 9 }, () => 'k2')])

  const { stdout } = await run(`${both()},${lost}`).catch((error: { stdout: string }) => error)
  expect(stdout).toContain('push target: 1 written anew')
})

/** Adds so many endpoints of ann's, with secrets that these keys encrypt; tells their ids. */
async function addEndpoints(count: number, keys: string): Promise<string[]> {
  const encryption = createEncryption(keysOf(keys))
  const ids = Array.from({ length: count }, (_, index) => `whe_${String(index).padStart(6, '0')}`)
  const secrets = await Promise.all(
    ids.map((of) => encryption.encrypt(`secret of ${of}`, { purpose: 'webhook-secret', of })),
  )
  await door.owner.query(
    `insert into commodore.webhook_endpoints (id, tenant_id, url, description, event_types, secret, created_at, updated_at)
     select new.id, $3, 'https://hooks.example.com', '', '{}', new.secret, now(), now() from unnest($1::text[], $2::text[]) as new (id, secret)`,
    [ids, secrets, ann.tenant_id],
  )
  return ids
}

test('of many that no key opens some are told, and how many more there are', async () => {
  await addEndpoints(21, newEncryptionKeys('k0'))
  const { stderr } = await run(both()).catch((error: { stderr: string }) => error)
  expect(stderr.match(/^webhook secret, whe_\d+: the encryption key k0 is not known$/gm)).toHaveLength(20)
  expect(stderr).toContain('webhook secret: 1 more cannot be read\n21 not under key k2')
})

test('more than a batch is done by two at once, each secret by one of them', async () => {
  const ids = await addEndpoints(BATCH_MAX + 1, door.variables.ENCRYPTION_KEYS)
  const keys = keysOf(both())
  const runs = await Promise.all([reEncrypt({ db: door.db, keys }), reEncrypt({ db: door.db, keys })])
  const written = runs.map(([endpoints]) => endpoints?.written ?? 0)
  expect(written.reduce((sum, count) => sum + count, 0)).toBe(BATCH_MAX + 3)
  expect(runs[1]?.map(({ left, unreadable }) => [left, unreadable])).toEqual(places.map(() => [0, []]))
  expect(await opened(K2)).toContain(`secret of ${ids.at(-1)}`)
})

test('what is changed meanwhile stays as it was changed', async () => {
  for (const place of places) {
    const db = door.db
    await db.within({ job: 're_encryption' }, async (tx) => {
      const [found] = await place.find(tx, { prefix: 'enc.k2.', after: '', limit: 1 })
      if (!found) throw new Error(`no ${place.name}`)
      const other = { id: found.id, old_text: `${found.text}x`, new_text: 'enc.k2.x' }
      expect(await place.replace(tx, [other]), place.name).toBe(0)
    })
  }
  expect((await everything()).filter(({ text }) => text.startsWith('enc.k2'))).toEqual([])
})

test('a change of a target that was under way when the run began is not missed', async () => {
  const [target] = (await everything()).filter(({ kind }) => kind === 'target')
  const { rows } = await door.owner.query('select stream_id, tenant_id from commodore.push_targets where id = $1', [
    target?.id,
  ])
  const { stream_id, tenant_id } = rows[0]
  const { token } = tenant_id === ann.tenant_id ? ann : bob
  // Tenants' changes stop between what they read and what they write.
  await door.owner.query(`
    create function commodore.halt() returns trigger language plpgsql as $$ begin
      if current_setting('app.job', true) = '' then perform pg_advisory_xact_lock(1); end if;
      return null;
    end $$;
    create trigger halt before update on commodore.push_targets for each statement execute function commodore.halt()`)
  const gate = await door.owner.connect()
  await gate.query('select pg_advisory_lock(1)')
  const path = `/streams/${stream_id}/push-targets/${target?.id}`
  const changing = send(door, `PATCH ${path}`, { token, body: { enabled: false } })
  await expect.poll(() => waitsFor('advisory')).toBe(true)
  let isOver = false
  const running = reEncrypt({ db: door.db, keys: keysOf(both()) }).finally(() => {
    isOver = true
  })
  await expect.poll(async () => isOver || (await waitsFor('transactionid'))).toBe(true)
  await gate.query('select pg_advisory_unlock(1)')
  gate.release()
  expect((await changing).status).toBe(200)
  await running
  expect((await everything()).filter(({ text }) => !text.startsWith('enc.k2.'))).toEqual([])
})

test('a secret that is rotated while the run waits for it stays as it was rotated', async () => {
  const [secret] = (await everything()).filter(({ kind }) => kind === 'secret')
  const rotated = await createEncryption(keysOf(both())).encrypt('whsec_new', {
    purpose: 'webhook-secret',
    of: secret?.id ?? '',
  })
  const rotation = await door.owner.connect()
  await rotation.query('begin')
  await rotation.query('update commodore.webhook_endpoints set previous_secret = secret, secret = $1 where id = $2', [
    rotated,
    secret?.id,
  ])
  const running = reEncrypt({ db: door.db, keys: keysOf(both()) })
  await expect.poll(() => waitsFor('transactionid')).toBe(true)
  await rotation.query('commit')
  rotation.release()
  expect((await running).map(({ left }) => left)).toEqual(places.map(() => 0))
  expect(await everything()).toContainEqual({ ...secret, text: rotated })
  expect((await everything()).filter(({ text }) => !text.startsWith('enc.k2.'))).toEqual([])
})

test('it is no change that a tenant sees', async () => {
  const seen = async () =>
    (
      await door.owner.query(`
      select id, to_jsonb(w) - array['secret', 'previous_secret'] as rest from commodore.webhook_endpoints w
      union all select id, to_jsonb(t) - 'encrypted_url' from commodore.push_targets t
      union all select kid, to_jsonb(k) - 'private_key' from commodore.identity_keys k
      union all select id, to_jsonb(o) #- '{payload,left}' from commodore.outbox o order by id`)
    ).rows
  const before = await seen()
  await reEncrypt({ db: door.db, keys: keysOf(both()) })
  expect(await seen()).toEqual(before)
})

test('no other job opens a tenant’s secret', async () => {
  for (const job of ['outbox', 'identity', 'webhook_log', 'sweep', '']) {
    for (const table of ['webhook_endpoints', 'push_targets']) {
      const seen = await door.db.within({ job }, (tx) => sql`select from ${sql.table(table)}`.execute(tx))
      expect(seen.rows, `${job} ${table}`).toEqual([])
    }
  }
})

test('its job opens what is encrypted and nothing else, to read and to change', async () => {
  const asJob = (statement: string) =>
    door.db.within({ job: 're_encryption' }, async (tx) => (await sql.raw<{ n: string }>(statement).execute(tx)).rows)
  for (const table of [
    'streams',
    'users',
    'api_tokens',
    'signing_keys',
    'stream_keys',
    'audit_log',
    'webhook_deliveries',
  ]) {
    expect(await asJob(`select count(*) as n from ${table}`), table).toEqual([{ n: '0' }])
  }
  const kinds = await asJob('select distinct kind as n from outbox')
  expect(kinds).toEqual([{ n: 'push.retarget' }])
  expect(await asJob('delete from push_targets returning id as n')).toEqual([])
  await expect(asJob(`update identity_keys set kid = 'x'`)).rejects.toMatchObject({ code: '42501' })
})

test('settings that are missing are all told', async () => {
  const failed = await promisify(execFile)(process.execPath, [MAIN], { env: {} }).catch((error: unknown) => error)
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('DATABASE_URL is missing') })
  expect(failed).toMatchObject({ stderr: expect.stringContaining('ENCRYPTION_KEYS') })
})
