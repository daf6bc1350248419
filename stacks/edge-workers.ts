/** A Cloudflare Worker of ours, wherever it runs. */
interface EdgeWorker {
  /** Its entry point, from the project's root. */
  entry: string
  /** By binding: the class of each Durable Object that it has. */
  durableObjects: Record<string, string>
}

export const COMPATIBILITY_DATE = '2026-07-01'

export const edgeWorkers = {
  foghorn: { entry: 'edge-workers/foghorn/worker.ts', durableObjects: { CLUSTERS: 'Cluster' } },
  signalman: { entry: 'edge-workers/signalman/worker.ts', durableObjects: { HUBS: 'Hub' } },
} as const satisfies Record<string, EdgeWorker>

export type EdgeWorkerName = keyof typeof edgeWorkers
