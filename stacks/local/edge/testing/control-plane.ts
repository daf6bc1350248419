import type { z } from 'zod'
import type { Verdict } from '../../../../edge-workers/foghorn/play/answers.ts'
import { systemClock } from '../../../../shared/clock.ts'
import { requireService } from '../../../../shared/context.ts'
import { VerifySessionRequest, type VerifySessionResponse } from '../../../../shared/contract/accounts.ts'
import {
  AuthorizeIngestRequest,
  type AuthorizeIngestResponse,
  AuthorizePlaybackRequest,
  VerifyApiTokenRequest,
  type VerifyApiTokenResponse,
} from '../../../../shared/contract/commodore.ts'
import { ProduceNamedRequest, type ProduceResponse } from '../../../../shared/contract/decklog.ts'
import {
  type NodeMode,
  type OwnedClusters,
  RecordChangeRequest,
  ReportNodeHealthRequest,
} from '../../../../shared/contract/quartermaster.ts'
import { SentEvent } from '../../../../shared/events/envelope.ts'
import { createApp } from '../../../../shared/http/app.ts'
import { createAuthenticate } from '../../../../shared/http/authenticate.ts'
import { body } from '../../../../shared/http/route.ts'
import { createVerifier } from '../../../../shared/identity/verifier.ts'
import { createLog } from '../../../../shared/log.ts'
import type { Identities } from '../../../../shared/testing/identities.ts'
import { freePort } from '../../../../shared/testing/port.ts'
import { serve } from '../../serve.ts'

/** A door of another service as Foghorn meets it over the network, which can go away and come back on its port. */
interface Switchable extends AsyncDisposable {
  url: string
  up(): Promise<void>
  down(): Promise<void>
}

/** Commodore as far as edge workers call it: real tokens are checked, the verdicts are the test's. */
export interface CommodoreDoor extends Switchable {
  /** By playback id or runtime name. */
  verdicts: Map<string, Verdict>
  /** By stream key. */
  publishers: Map<string, z.infer<typeof AuthorizeIngestResponse>>
  /** What publishers were asked about. */
  publishing: z.infer<typeof AuthorizeIngestRequest>[]
  /** By API token. */
  apiTokens: Map<string, z.infer<typeof VerifyApiTokenResponse>>
  /** The names that were asked for, in order. */
  asked: string[]
  /** The same, whole. */
  requests: z.infer<typeof AuthorizePlaybackRequest>[]
  /** Answers nothing until the returned function is called. */
  hold(): () => void
}

/** Decklog's REST door as far as Foghorn calls it: what it takes must be an event. */
export interface DecklogDoor extends Switchable {
  batches: SentEvent[][]
  events(): SentEvent<'load-balancing'>[]
  /** Answers nothing until the returned function is called. */
  hold(): () => void
  /** The status of the next calls instead of taking them. */
  refuseWith: number | undefined
}

export async function startCommodore(identities: Identities): Promise<CommodoreDoor> {
  const verdicts: CommodoreDoor['verdicts'] = new Map()
  const asked: string[] = []
  const requests: CommodoreDoor['requests'] = []
  const publishers: CommodoreDoor['publishers'] = new Map()
  const publishing: CommodoreDoor['publishing'] = []
  const apiTokens: CommodoreDoor['apiTokens'] = new Map()
  const gate = createGate()
  const app = appOf('commodore', identities)
  app.get('/.well-known/jwks.json', (c) => c.json(identities.keySet))
  app.post('/playback/authorize', body(AuthorizePlaybackRequest), async (c) => {
    requireService(c.var.ctx, 'foghorn')
    const { playback_id, runtime_name = '' } = c.req.valid('json')
    const name = playback_id ?? runtime_name
    asked.push(name)
    requests.push(c.req.valid('json'))
    await gate.passed()
    const unknown = playback_id === undefined ? 'unknown_stream' : 'unknown_playback_id'
    return c.json(verdicts.get(name) ?? { allowed: false, reason: unknown })
  })
  app.post('/ingest/authorize', body(AuthorizeIngestRequest), async (c) => {
    requireService(c.var.ctx, 'foghorn')
    const request = c.req.valid('json')
    publishing.push(request)
    await gate.passed()
    return c.json(publishers.get(request.stream_key) ?? { allowed: false, reason: 'unknown_key' })
  })
  app.post('/api-tokens/verify', body(VerifyApiTokenRequest), (c) => {
    requireService(c.var.ctx, 'foghorn', 'signalman')
    return c.json(apiTokens.get(c.req.valid('json').token) ?? { valid: false, reason: 'api_token_unknown' })
  })
  app.post('/sessions/verify', body(VerifySessionRequest), (c) => {
    requireService(c.var.ctx, 'foghorn', 'signalman')
    const user = identities.users.get(c.req.valid('json').user_id)
    const verdict: z.infer<typeof VerifySessionResponse> = user
      ? { valid: true, ...user }
      : { valid: false, reason: 'account_disabled' }
    return c.json(verdict)
  })
  const door = await switchable(app)
  return { ...door, verdicts, publishers, publishing, apiTokens, asked, requests, hold: gate.hold }
}

/** Quartermaster as far as Foghorn calls it: what is wanted of hosts, and whose clusters are, is the test's. */
export interface QuartermasterDoor extends Switchable {
  /** By tenant. */
  owned: Map<string, z.infer<typeof OwnedClusters>['clusters']>
  modes: Map<string, z.infer<typeof NodeMode>>
  reports: z.infer<typeof ReportNodeHealthRequest>[]
  /** What was written down, with the tenant whose change it is. */
  changes: (z.infer<typeof RecordChangeRequest> & { tenant_id: string })[]
}

export async function startQuartermaster(identities: Identities): Promise<QuartermasterDoor> {
  const modes: QuartermasterDoor['modes'] = new Map()
  const reports: QuartermasterDoor['reports'] = []
  const owned: QuartermasterDoor['owned'] = new Map()
  const changes: QuartermasterDoor['changes'] = []
  const app = appOf('quartermaster', identities)
  app.post('/nodes/health', body(ReportNodeHealthRequest), async (c) => {
    requireService(c.var.ctx, 'foghorn')
    const report = c.req.valid('json')
    reports.push(report)
    return c.json({ nodes: report.nodes.map(({ node_id }) => ({ node_id, mode: modes.get(node_id) ?? 'active' })) })
  })
  app.get('/tenants/:id/owned-clusters', (c) => {
    requireService(c.var.ctx, 'foghorn')
    return c.json({ clusters: owned.get(c.req.param('id')) ?? [] })
  })
  app.post('/tenants/:id/audit-log', body(RecordChangeRequest), (c) => {
    requireService(c.var.ctx, 'foghorn')
    changes.push({ ...c.req.valid('json'), tenant_id: c.req.param('id') })
    return c.body(null, 204)
  })
  return { ...(await switchable(app)), modes, reports, owned, changes }
}

export async function startDecklog(identities: Identities): Promise<DecklogDoor> {
  const gate = createGate()
  const app = appOf('decklog', identities)
  app.post('/produce', body(ProduceNamedRequest), async (c) => {
    await gate.passed()
    requireService(c.var.ctx, 'foghorn')
    if (door.refuseWith) return c.json({ status: door.refuseWith }, 422)
    const records = c.req.valid('json')
    door.batches.push(
      records.map(({ value }) => SentEvent.parse(typeof value === 'string' ? JSON.parse(value) : value)),
    )
    return c.json(
      records.map(({ topic }, offset): ProduceResponse[number] => ({ topic, partition: 0, offset, timestamp: 0 })),
    )
  })
  const door: DecklogDoor = {
    ...(await switchable(app)),
    batches: [],
    refuseWith: undefined,
    events: () => door.batches.flat().filter((event) => event.event_type === 'load-balancing'),
    hold: gate.hold,
  }
  return door
}

/** Lets calls through unless it is held. */
function createGate() {
  let held: Promise<void> | undefined
  return {
    passed: async () => held,
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return () => {
        held = undefined
        resolve()
      }
    },
  }
}

function appOf(service: string, { keySet }: Identities) {
  const verify = createVerifier({ keys: keySet, service, clock: systemClock })
  const authenticate = createAuthenticate({ verify })
  return createApp({
    log: createLog(service),
    clock: systemClock,
    authenticate,
    deps: {},
    bodyBytesMax: 8 * 1024 * 1024,
  })
}

async function switchable(app: Parameters<typeof serve>[0]): Promise<Switchable> {
  const port = await freePort()
  let server: AsyncDisposable | undefined
  const up = async () => {
    server ??= await serve(app, port)
  }
  const down = async () => {
    await server?.[Symbol.asyncDispose]()
    server = undefined
  }
  await up()
  return { url: `http://127.0.0.1:${port}`, up, down, [Symbol.asyncDispose]: down }
}
