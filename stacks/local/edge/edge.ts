import { Miniflare, NoOpLog } from 'miniflare'
import { createLog } from '../../../shared/log.ts'
import { COMPATIBILITY_DATE, type EdgeWorkerName, edgeWorkers } from '../../edge-workers.ts'
import { bundleWorker } from './bundle.ts'
import { relay } from './relay.ts'

interface EdgeOptions {
  worker?: EdgeWorkerName
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
  stop(): Promise<void>
}

/** Runs one edge worker in workerd, as Cloudflare does, on a loopback port. */
export async function startEdge({ worker = 'foghorn', port, bindings, dataPath }: EdgeOptions): Promise<Edge> {
  const log = createLog(worker)
  const { entry, durableObjects } = edgeWorkers[worker]
  const { code, gzip_bytes } = await bundleWorker(entry)
  log.info('edge worker bundled', { gzip_bytes })
  const miniflare = new Miniflare({
    name: worker,
    host: '127.0.0.1',
    port,
    modules: [{ type: 'ESModule', path: `${worker}.js`, contents: code }],
    compatibilityDate: COMPATIBILITY_DATE,
    bindings,
    durableObjects: Object.fromEntries(
      Object.entries(durableObjects).map(([binding, className]) => [binding, { className, useSQLite: true }]),
    ),
    durableObjectsPersist: dataPath,
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
    const url = (await miniflare.ready).href.replace(/\/$/, '')
    return { url, fetch: miniflare.dispatchFetch, stop, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}
