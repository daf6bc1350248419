/** A Cloudflare Worker of ours, wherever it runs. */
interface EdgeWorker {
  /** Its entry point, from the project's root. */
  entry: string
  /** By binding: the class of each Durable Object that it has. */
  durableObjects: Record<string, string>
  /** By binding: how often an address may call it in a minute, at each place of the edge. */
  callsPerMinuteMax: Record<string, number>
}

export const COMPATIBILITY_DATE = '2026-07-01'

/**
 * Viewers ask once a visit, so this is 3,000 of them behind one address in one minute: a stadium or a provider's NAT when a match
 * begins. One who floods gets 50 calls a second, which a single isolate answers at a fraction of a core.
 */
export const VIEWER_CALLS_PER_MINUTE_MAX = 3_000
/** A page connects once and comes back after a cut: an office of 300 whose line comes back, and each of them twice. */
export const LIVE_CALLS_PER_MINUTE_MAX = 600

export const edgeWorkers = {
  foghorn: {
    entry: 'edge-workers/foghorn/worker.ts',
    durableObjects: { CLUSTERS: 'Cluster' },
    callsPerMinuteMax: { VIEWER_CALLS: VIEWER_CALLS_PER_MINUTE_MAX },
  },
  signalman: {
    entry: 'edge-workers/signalman/worker.ts',
    durableObjects: { HUBS: 'Hub' },
    callsPerMinuteMax: { LIVE_CALLS: LIVE_CALLS_PER_MINUTE_MAX },
  },
} as const satisfies Record<string, EdgeWorker>

export type EdgeWorkerName = keyof typeof edgeWorkers
