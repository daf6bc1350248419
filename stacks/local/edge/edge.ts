import { Miniflare, NoOpLog } from 'miniflare'
import { RATE_PERIOD_SECONDS } from '../../../shared/http/rate-limit.ts'
import { createLog } from '../../../shared/log.ts'
import { COMPATIBILITY_DATE, type EdgeWorkerName, edgeWorkers } from '../../edge-workers.ts'
import { bundleWorker } from './bundle.ts'
import { relay } from './relay.ts'

const HOST = '127.0.0.1'

export interface EdgeOptions {
  worker?: EdgeWorkerName
  /** Instead of the worker's own entry point. */
  entry?: string
  /** Isolates that share its Durable Objects, as on the machines of the edge. */
  isolates?: number
  /** 0 for any free one. */
  port: number
  /** The Worker's variables and secrets; its Durable Objects are bound from its definition. */
  bindings: Record<string, string>
  /** Where its Durable Objects keep their state. */
  dataPath: string
}

export interface Edge extends AsyncDisposable {
  url: string
  /** Sends a request past the network, with what Cloudflare would tell of the caller in `cf`. */
  fetch: Miniflare['dispatchFetch']
  /** The same in one of its isolates, 0 being the first. */
  fetchFrom(isolate: number): Promise<Miniflare['dispatchFetch']>
  stop(): Promise<void>
}

/** Runs one edge worker in workerd, as Cloudflare does, on a loopback port. */
export async function startEdge({ worker = 'foghorn', isolates = 1, ...options }: EdgeOptions): Promise<Edge> {
  const log = createLog(worker)
  const { durableObjects, entry, callsPerMinuteMax } = edgeWorkers[worker]
  const { code, gzip_bytes } = await bundleWorker(options.entry ?? entry)
  const nameOf = (isolate: number) => (isolate === 0 ? worker : `${worker}-${isolate}`)
  log.info('edge worker bundled', { gzip_bytes })
  const miniflare = new Miniflare({
    host: HOST,
    port: 0,
    workers: Array.from({ length: isolates }, (_, isolate) => ({
      name: nameOf(isolate),
      modules: [{ type: 'ESModule' as const, path: `${worker}.js`, contents: code }],
      compatibilityDate: COMPATIBILITY_DATE,
      // Miniflare's own port leads through a Worker of its own, which takes longer than a redirect does.
      ...(isolate === 0 && { unsafeDirectSockets: [{ host: HOST, port: options.port }] }),
      bindings: options.bindings,
      ratelimits: Object.fromEntries(
        Object.entries(callsPerMinuteMax).map(([binding, limit]) => [
          binding,
          { namespace_id: binding, simple: { limit, period: RATE_PERIOD_SECONDS } },
        ]),
      ),
      durableObjects: Object.fromEntries(
        Object.entries(durableObjects).map(([binding, className]) => [
          binding,
          { className, useSQLite: true, ...(isolate > 0 && { scriptName: worker }) },
        ]),
      ),
    })),
    durableObjectsPersist: options.dataPath,
    // Nobody knows here where a caller is, and nothing is fetched to pretend it.
    cf: {},
    telemetry: { enabled: false },
    log: new NoOpLog(),
    structuredWorkerdLogs: true,
    handleStructuredLogs: ({ message }: { message: string }) => relay(log, message),
    handleUncaughtError: (error: Error) => log.error('edge worker failed', { error }),
  })
  const stop = () => miniflare.dispose()
  try {
    await miniflare.ready
    const url = (await miniflare.unsafeGetDirectURL(worker)).href.replace(/\/$/, '')
    const fetchFrom = async (isolate: number) => {
      const { fetch } = await miniflare.getWorker(nameOf(isolate))
      return fetch as Miniflare['dispatchFetch']
    }
    return { url, fetch: miniflare.dispatchFetch, fetchFrom, stop, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}
