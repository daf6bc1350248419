import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import type { Pool } from '../../shared/postgres/pool.ts'
import type { Demo } from './state.ts'

const DEMO_EMAIL = 'demo@frameworks.local'
const OPERATOR_EMAIL = 'operator@frameworks.local'
const TENANT_SCOPES = ['account:read', 'account:write', 'streams:read', 'streams:write', 'analytics:read']
const OPERATOR_SCOPES = [...TENANT_SCOPES, 'infrastructure:read', 'infrastructure:write']
/** Enough for many starts and hosts of one machine. */
const ENROLMENT = { name: 'This machine', usage_limit: 100, expires_in_hours: 720 }

interface Sources {
  commodoreUrl: string
  quartermasterUrl: string
  /** Where mails can be read. */
  inboxUrl: string
  /** Owner's connection: the first operator is made by hand, as in the cloud. */
  owner: Pool
  password: string
}

/** Fills an empty system through its own APIs: an operator with a cluster, and a tenant with a stream to try. */
export async function createDemo({
  commodoreUrl,
  quartermasterUrl,
  inboxUrl,
  owner,
  password,
}: Sources): Promise<Demo> {
  const commodore = createCaller(commodoreUrl)
  const quartermaster = createCaller(quartermasterUrl)
  const login = async (email: string) =>
    z
      .object({ access_token: z.string(), tenant: z.object({ id: z.string() }) })
      .parse(await commodore('POST', '/auth/login', { email, password }))

  const register = async (email: string, tenant_name: string) => {
    await commodore('POST', '/auth/register', { email, password, tenant_name })
    await commodore('POST', '/auth/verify-email', { token: await mailedToken(inboxUrl, email) })
  }
  const enter = async (email: string, scopes: string[]) => {
    if (email === OPERATOR_EMAIL)
      await owner.query('update commodore.users set operator = true where email = $1', [email])
    const { access_token, tenant } = await login(email)
    const created = await commodore('POST', '/api-tokens', { name: 'Local', scopes }, access_token)
    return { email, password, tenant_id: tenant.id, api_token: z.object({ token: z.string() }).parse(created).token }
  }

  await Promise.all([register(OPERATOR_EMAIL, 'Platform'), register(DEMO_EMAIL, 'Demo')])
  const operator = await enter(OPERATOR_EMAIL, OPERATOR_SCOPES)
  const cluster = z
    .object({ id: z.string() })
    .parse(await quartermaster('POST', '/clusters', { name: 'This machine', kind: 'platform' }, operator.api_token))
  const enrolment = z
    .object({ token: z.string() })
    .parse(
      await quartermaster('POST', '/enrolment-tokens', { cluster_id: cluster.id, ...ENROLMENT }, operator.api_token),
    )
  const account = await enter(DEMO_EMAIL, TENANT_SCOPES)
  const stream = z
    .object({ id: z.string(), stream_key: z.string(), playback_id: z.string() })
    .parse(await commodore('POST', '/streams', { title: 'Demo stream' }, account.api_token))
  return {
    operator,
    cluster_id: cluster.id,
    enrolment_token: enrolment.token,
    demo: { ...account, stream_id: stream.id, stream_key: stream.stream_key, playback_id: stream.playback_id },
  }
}

function createCaller(baseUrl: string) {
  return async (method: string, path: string, body: object, token?: string): Promise<unknown> => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
    const response = await fetch(baseUrl + path, { method, headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`)
    return response.json()
  }
}

const Inbox = z.object({ mails: z.array(z.object({ to: z.string(), text: z.string() })) })
const MAIL_TIMEOUT_MS = 15_000
const MAIL_POLL_MS = 50

/** The token in the newest mail to an address, which may be under way. */
async function mailedToken(inboxUrl: string, email: string): Promise<string> {
  const late = AbortSignal.timeout(MAIL_TIMEOUT_MS)
  while (!late.aborted) {
    const response = await fetch(inboxUrl, { headers: { accept: 'application/json' } })
    const mail = Inbox.parse(await response.json()).mails.find(({ to }) => to === email)
    const token = /#token=(\w+)/.exec(mail?.text ?? '')?.[1]
    if (token !== undefined) return token
    await setTimeout(MAIL_POLL_MS)
  }
  throw new Error(`No mail came to ${email} within ${MAIL_TIMEOUT_MS / 1000} s.`)
}
