import {
  Code,
  ConnectError,
  createConnectRouter,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from '@connectrpc/connect'
import { type UniversalServerRequest, universalServerResponseToFetch } from '@connectrpc/connect/protocol'
import { codeToString } from '@connectrpc/connect/protocol-connect'
import { Hono } from 'hono'
import type { Context } from '../../../shared/context.ts'
import { BATCH_BYTES_MAX } from '../../../shared/events/limits.ts'
import { toFault } from '../../../shared/fault.ts'
import type { Env } from '../../../shared/http/app.ts'
import { DecklogService, type PublishEventsRequest, Status } from '../../../shared/proto/decklog_pb.ts'
import { connectErrors, toConnectError } from './connect-error.ts'
import { toCandidate } from './connect-event.ts'
import { type PublishDeps, publish } from './publish.ts'

const callerKey = createContextKey<(Context & PublishDeps) | undefined>(undefined)

const router = createConnectRouter({ grpc: false, readMaxBytes: BATCH_BYTES_MAX })
router.service(DecklogService, { publishEvents })

/** Wraps the whole app: who is turned away at its entrance also hears so in the protocol's form. */
export function connectEntrance() {
  return new Hono<Env<PublishDeps>>().use(`/${DecklogService.typeName}/*`, connectErrors)
}

/** The door for media hosts, in the Connect and gRPC-Web protocols; gRPC itself needs trailers, which Lambda has not. */
export const connectDoor = new Hono<Env<PublishDeps>>()

for (const handler of router.handlers) {
  connectDoor.post(handler.requestPath, async (c) => {
    const request: UniversalServerRequest = {
      httpVersion: '1.1',
      method: c.req.method,
      url: c.req.url,
      header: c.req.raw.headers,
      body: once(new Uint8Array(await c.req.arrayBuffer())),
      signal: c.req.raw.signal,
      contextValues: createContextValues().set(callerKey, c.var.ctx),
    }
    return blameCaller(universalServerResponseToFetch(await handler(request)))
  })
}

/** The library's words for a message that is no protobuf. */
const UNREADABLE = /"message":"parse binary/

/** The library takes such a message for a failure of its own; it is the caller's, who would send it again for ever. */
async function blameCaller(response: Response): Promise<Response> {
  if (response.status !== 500) return response
  const text = await response.text()
  if (!UNREADABLE.test(text)) return new Response(text, response)
  const error = {
    code: codeToString(Code.InvalidArgument),
    message: 'malformed_message: not the protobuf of this call',
  }
  return Response.json(error, { status: 400 })
}

async function publishEvents({ events }: PublishEventsRequest, context: HandlerContext) {
  const ctx = context.values.get(callerKey)
  if (!ctx) throw new ConnectError('Internal error', Code.Internal)
  try {
    const verdicts = await publish(ctx, events.map(toCandidate))
    return {
      verdicts: verdicts.map((verdict) =>
        verdict.accepted
          ? { eventId: verdict.event_id, status: Status.ACCEPTED }
          : { eventId: verdict.event_id, status: Status.REJECTED, reason: verdict.reason },
      ),
    }
  } catch (error) {
    const fault = toFault(error)
    const line = { code: fault.reason, detail: fault.message }
    if (fault.status < 500) ctx.log.warn('refused', line)
    else ctx.log.error('failed', { ...line, error: fault.cause ?? fault })
    throw toConnectError(fault)
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
