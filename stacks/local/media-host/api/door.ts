import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Host } from '../host.ts'
import { authorize, type Caller } from './authorize.ts'
import { runCommands } from './commands.ts'
import { nodeStatistics, prometheusText } from './statistics.ts'

export const API_BODY_BYTES_MAX = 1024 * 1024

type Env = { Bindings: HttpBindings }

/** The API of the server: `/api` and `/api2`, and the statistics behind their passphrase. */
export function createApiDoor(host: Host): Hono<Env> {
  const loggedIn = new WeakSet<object>()
  const answer = async (c: Context<Env>, minimal: boolean) => {
    const { socket } = c.env.incoming
    const request = await readRequest(c)
    const verdict = authorize(host, callerOf(c, loggedIn.has(socket)), request.authorize)
    if (verdict.status !== 'OK') return send(c, { authorize: verdict })
    loggedIn.add(socket)
    return send(c, { ...runCommands(host, request, { minimal }), authorize: verdict })
  }
  return new Hono<Env>()
    .use(bodyLimit({ maxSize: API_BODY_BYTES_MAX }))
    .on(['GET', 'POST'], '/api', (c) => answer(c, false))
    .on(['GET', 'POST'], '/api2', (c) => answer(c, true))
    .get('/:page', (c) => {
      const { prometheus } = host.settings.config
      if (prometheus === '') return c.notFound()
      c.header('Access-Control-Allow-Origin', '*')
      if (c.req.param('page') === `${prometheus}.json`) return c.json(nodeStatistics(host))
      return c.req.param('page') === prometheus ? c.text(prometheusText(host)) : c.notFound()
    })
}

export function callerOf(c: Context<Env>, loggedIn: boolean): Caller {
  const forwarded = c.req.header('x-forwarded-for') ?? c.req.header('x-real-ip')
  const address = forwarded ?? c.env.incoming.socket.remoteAddress ?? ''
  return { address, forwarded: forwarded !== undefined, loggedIn }
}

async function readRequest(c: Context<Env>): Promise<Record<string, unknown>> {
  const isJson = c.req.header('content-type') === 'application/json'
  const command = isJson ? await c.req.text() : (c.req.query('command') ?? (await commandInForm(c)))
  try {
    const request: unknown = JSON.parse(command)
    return typeof request === 'object' && request !== null ? { ...request } : {}
  } catch {
    return {}
  }
}

async function commandInForm(c: Context<Env>): Promise<string> {
  if (c.req.method !== 'POST') return ''
  return new URLSearchParams(await c.req.text()).get('command') ?? ''
}

/** The server sorts its keys and ends every reply with two newlines. */
function send(c: Context<Env>, reply: Record<string, unknown>): Response {
  const sorted = Object.fromEntries(Object.entries(reply).sort(([a], [b]) => (a < b ? -1 : 1)))
  return c.body(`${JSON.stringify(sorted)}\n\n`, 200, { 'Content-Type': 'text/javascript' })
}
