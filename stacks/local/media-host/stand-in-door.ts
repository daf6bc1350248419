import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { Fault, toFault } from '../../../shared/fault.ts'
import { parse } from '../../../shared/parse.ts'
import { isLoopback } from './api/authorize.ts'
import { API_BODY_BYTES_MAX, callerOf } from './api/door.ts'
import type { Host } from './host.ts'
import { type Publication, type PublishRequest, publishProtocols } from './publish.ts'
import { stopSession } from './sessions.ts'
import { type View, type ViewRequest, viewProtocols } from './view.ts'

type Env = { Bindings: HttpBindings }

const NAME_CHARS_MAX = 200
const LOOPBACK = '127.0.0.1'

const PublishInput = z.strictObject({
  stream_key: z.string().min(1).max(NAME_CHARS_MAX),
  protocol: z.enum(publishProtocols).default('rtmp'),
  publisher_host: z.string().max(NAME_CHARS_MAX).default(LOOPBACK),
})

const ViewInput = z.strictObject({
  playback_id: z.string().min(1).max(NAME_CHARS_MAX),
  protocol: z.enum(viewProtocols).default('hls'),
  viewer_host: z.string().max(NAME_CHARS_MAX).default(LOOPBACK),
})

/** What a caller may start here; the host checks both like any other publisher or viewer. */
interface Actions {
  publish(request: PublishRequest): Promise<Publication>
  view(request: ViewRequest): Promise<View>
  finish(): void
}

/** The remote control that a real media host does not have, for tests and demos: loopback only. */
export function createStandInDoor(host: Host, actions: Actions): Hono<Env> {
  const door = new Hono<Env>().basePath('/standin')
  door.use(bodyLimit({ maxSize: API_BODY_BYTES_MAX }))
  door.use(async (c, next) => {
    const { address, forwarded } = callerOf(c, false)
    if (forwarded || !isLoopback(address)) throw new Fault('forbidden', 'loopback_only', 'Only this machine may ask.')
    await next()
  })
  door.onError((error, c) => {
    const { reason, message, status, errors } = toFault(error)
    if (status >= 500) host.log.error('the remote control failed', { error })
    return c.json({ code: reason, detail: message, errors }, status)
  })
  door.get('/', (c) => c.json(overview(host)))
  door.post('/publish', async (c) => {
    const publication = await actions.publish(parse(PublishInput, await readJson(c)))
    if (!publication.accepted) return c.json(publication, 200)
    const { id, stream, protocol } = publication.publisher
    return c.json({ accepted: true, id, runtime_name: stream, protocol }, 201)
  })
  door.delete('/publish/:id', (c) => stopOne(host, c, 'input'))
  door.post('/view', async (c) => {
    const view = await actions.view(parse(ViewInput, await readJson(c)))
    if (!view.admitted) return c.json(view, 200)
    return c.json({ admitted: true, id: view.session_id, runtime_name: view.runtime_name }, 201)
  })
  door.delete('/view/:id', (c) => stopOne(host, c, 'viewer'))
  door.post('/finish', (c) => {
    actions.finish()
    return c.body(null, 202)
  })
  return door
}

function stopOne(host: Host, c: Context<Env>, kind: 'input' | 'viewer'): Response {
  const session = host.sessions.get(c.req.param('id') ?? '')
  if (session?.kind !== kind) throw new Fault('not_found', 'not_found', 'Nothing of that id runs here.')
  stopSession(host, session)
  return c.body(null, 202)
}

function overview(host: Host) {
  const streams = [...host.streams.values()].map(({ name, online, publisher }) => ({
    runtime_name: name,
    online,
    publish_id: publisher?.id ?? null,
  }))
  const sessions = [...host.sessions.values()].map(({ id, kind, stream, connections }) => ({
    id,
    kind,
    runtime_name: stream,
    connected: connections > 0,
  }))
  return { streams, sessions }
}

async function readJson(c: Context<Env>): Promise<unknown> {
  try {
    return await c.req.json()
  } catch {
    throw new Fault('invalid', 'invalid_json', 'The body is not JSON.')
  }
}
