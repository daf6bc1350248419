import { LRUCache } from 'lru-cache'
import type { Clock } from '../../../shared/clock.ts'
import { type Fleet, type HostAge, toFleet } from '../fleet.ts'
import { createFlights, type Defer } from '../flight.ts'

/** How old a picture of a cluster may be; hosts themselves speak every few seconds. */
export const SNAPSHOT_FRESH_MS = 1_000
/** Clusters of which an isolate keeps a picture. */
const SNAPSHOTS_MAX = 100
/** Most clusters that are looked at for one viewer. */
export const CLUSTERS_PER_DECISION_MAX = 8

/** Pictures of clusters, kept in this isolate so that a thousand viewers a second do not all ask. */
export interface Fleets {
  /** In the order asked. A cluster that cannot be asked is left out unless an old picture of it is at hand; 503 when all are. */
  get(clusterIds: readonly string[], defer: Defer): Promise<Fleet[]>
}

/** Asks clusters for their hosts. */
interface Snapshots {
  snapshot(clusterId: string): Promise<HostAge[]>
}

export function createFleets(clusters: Snapshots, clock: Clock): Fleets {
  const pictures = new LRUCache<string, { fleet: Fleet; at_ms: number }>({ max: SNAPSHOTS_MAX })
  const flights = createFlights<Fleet>()

  async function look(cluster_id: string): Promise<Fleet> {
    const hosts = await clusters.snapshot(cluster_id)
    const at_ms = clock().getTime()
    const fleet = toFleet(
      hosts.map(({ node_id, age_ms, heartbeat }) => ({ node_id, cluster_id, seen_at_ms: at_ms - age_ms, heartbeat })),
    )
    pictures.set(cluster_id, { fleet, at_ms })
    return fleet
  }

  async function get(clusterId: string, defer: Defer): Promise<Fleet> {
    const last = pictures.get(clusterId)
    if (last && clock().getTime() - last.at_ms < SNAPSHOT_FRESH_MS) return last.fleet
    try {
      return await flights.run(clusterId, defer, () => look(clusterId))
    } catch (error) {
      // Its hosts grow stale by themselves, so an old picture needs no bound of its own.
      if (last) return last.fleet
      throw error
    }
  }

  return {
    get: async (clusterIds, defer) => {
      const wanted = clusterIds.slice(0, CLUSTERS_PER_DECISION_MAX)
      const results = await Promise.allSettled(wanted.map((clusterId) => get(clusterId, defer)))
      const fleets = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      const failed = results.find((result) => result.status === 'rejected')
      if (fleets.length === 0 && failed) throw failed.reason
      return fleets
    },
  }
}
