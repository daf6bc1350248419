import { setTimeout as sleep } from 'node:timers/promises'
import { createLog } from '../../../../shared/log.ts'
import { runCommands } from '../../media-host/api/commands.ts'
import { nodeStatistics } from '../../media-host/api/statistics.ts'
import { trackFlows } from '../../media-host/flows.ts'
import { createHost, type Host } from '../../media-host/host.ts'
import { isRecord } from '../../media-host/json.ts'
import type { ServerConfig } from '../../media-host/server-config.ts'
import type { Call, Reply } from '../../media-host/triggers/call.ts'
import { CALL_ATTEMPT_TIMEOUT_MS, CALL_ATTEMPTS_MAX } from '../../media-host/triggers/call.ts'
import { connectTriggers } from '../../media-host/triggers/fire.ts'
import type { Network } from '../kernel/network.ts'
import type { Process } from '../kernel/process.ts'
import type { Truth } from '../truth/truth.ts'

interface MistServerOptions {
  node_id: string
  /** Outlives the process, as MistServer's configuration file does. */
  settings: ServerConfig
  network: Network
  truth: Truth
}

/** The media host's stand-in as a simulated process: its triggers and its API go over the simulated network. */
export function startMistServer(process: Process, { node_id, settings, network, truth }: MistServerOptions): Host {
  const { machine } = process
  const { clock, random } = machine
  const log = createLog('mist')
  const { signal } = new AbortController()
  const call = (made: Call) => deliver(made, { node_id, truth })
  const read = () => (host.triggersEmptied ? { ...settings.config, triggers: {} } : settings.config)
  const options = { read, clock, signal, attempt_timeout_ms: CALL_ATTEMPT_TIMEOUT_MS, call }
  const { fire, counts } = connectTriggers(options)
  const host: Host = createHost({
    settings,
    counts,
    timeline: {
      now: () => machine.uptimeMs(),
      wait: (ms) => sleep(Math.max(0, ms)),
      stopped: new Promise(() => undefined),
    },
    clock,
    dice: random,
    flows: trackFlows(log, signal),
    log,
    fire,
    http_url: 'http://127.0.0.1:8080',
  })
  process.onDeath(() => truth.died(node_id))
  network.serve(`mist-${node_id}`, process, { fetch: (request: Request) => answer(host, request, { node_id, truth }) })
  return host
}

interface Watched {
  node_id: string
  truth: Truth
}

async function answer(host: Host, request: Request, watched: Watched): Promise<Response> {
  if (request.method === 'GET') return Response.json(nodeStatistics(host))
  const command = Object(await request.json())
  const reply = runCommands(host, command, { minimal: true })
  noteShown(reply, watched)
  return Response.json({ ...reply, authorize: { status: 'OK' } })
}

/** What the reply tells of sessions and runs. */
function noteShown({ clients, active_streams }: Record<string, unknown>, { node_id, truth }: Watched): void {
  if (isRecord(clients) && Array.isArray(clients.fields) && Array.isArray(clients.data)) {
    const { fields } = clients
    for (const values of clients.data) {
      const row = Object.fromEntries(fields.map((field, i) => [field, values[i]]))
      if (/^[0-9a-f]/.test(row.sessid)) {
        const figures = { seconds: row.conntime, egress_bytes: row.up, ingress_bytes: row.down }
        truth.shown('session', node_id, row.sessid, figures)
      }
    }
  }
  for (const [name, stream] of Object.entries(isRecord(active_streams) ? active_streams : {})) {
    if (!isRecord(stream)) continue
    const [seconds = 0, egress_bytes = 0, ingress_bytes = 0] = [
      stream.viewseconds,
      stream.upbytes,
      stream.downbytes,
    ].map(Number)
    truth.shown('run', node_id, name, { seconds, egress_bytes, ingress_bytes })
  }
}

/** Calls a handler as MistServer does: a notice once and without waiting, a question up to five times. */
async function deliver(call: Call, watched: Watched): Promise<Reply | 'sent' | undefined> {
  if (!call.sync) {
    void notify(call, watched)
    return 'sent'
  }
  for (let attempt = 1; attempt <= CALL_ATTEMPTS_MAX; attempt++) {
    const response = await post(call, AbortSignal.timeout(call.attempt_timeout_ms)).catch(() => undefined)
    if (response === undefined) continue
    const action = response.headers.get('x-mist-trigger-action') ?? undefined
    return { ok: response.ok, action, body: await response.text() }
  }
  return undefined
}

async function notify(call: Call, { node_id, truth }: Watched): Promise<void> {
  const uuid = call.headers['X-Trigger-UUID'] ?? ''
  const notice = truth.fired(node_id, call.headers['X-Trigger'] ?? '', uuid, call.body)
  // Whether MistServer hears the answer does not matter: what counts is that Helmsman gave it.
  await post({ ...call, headers: { ...call.headers, 'X-Sim-Notice': notice.event_id } }).catch(() => undefined)
}

function post({ url, headers, body }: Call, signal?: AbortSignal): Promise<Response> {
  return fetch(url, { method: 'POST', headers, body, ...(signal && { signal }) })
}
