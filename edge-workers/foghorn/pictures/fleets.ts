import { LRUCache } from 'lru-cache'
import type { Clock } from '../../../shared/clock.ts'
import type { Weights } from '../../../shared/contract/foghorn.ts'
import { Fault } from '../../../shared/fault.ts'
import type { Fleet } from '../decision/fleet.ts'
import { createFlights, type Defer } from '../flight.ts'
import { CLUSTER_TIMEOUT_MS } from '../nodes/limits.ts'
import { Picture } from './picture.ts'
import type { Choice, Refresh, Refusal, Snapshot } from './snapshot.ts'

/** How old a picture of a cluster may be; hosts themselves speak every few seconds. */
export const PICTURE_FRESH_MS = 1_000
/** So old, it is still used while a newer one is fetched; beyond, who asks waits for that. */
export const PICTURE_USABLE_MS = 5_000
/** How old it may become while its cluster is out of reach. */
export const PICTURE_STALE_MAX_MS = 5 * 60_000
/** After a failure, nobody with an old picture waits for the cluster again for so long. */
export const CLUSTER_PAUSE_MS = 5_000
/** How soon a cluster is told whom this isolate has sent to its hosts. */
export const TELL_AFTER_MS = 1_000
/** Clusters of which an isolate keeps a picture. */
const PICTURES_MAX = 100
/** Most clusters that are looked at for one viewer. */
export const CLUSTERS_PER_DECISION_MAX = 8

/** Pictures of clusters, kept in this isolate so that a thousand viewers a second do not all ask. */
export interface Fleets {
  /**
   * In the order asked. A cluster that cannot be asked is left out unless an old picture of it is at hand; 503 when all are.
   * `stale_ms` above 0: a cluster is out of reach, and its picture is so old.
   */
  get(clusterIds: readonly string[], defer: Defer): Promise<{ fleets: Fleet[]; stale_ms: number }>
  /** Somebody was sent to a host, which counts there for all isolates until the host reports it or it expires. */
  sent(choice: Choice, defer: Defer): void
  /** No host was found: told to the cluster, for people to look at. */
  refused(refusal: Refusal, defer: Defer): void
}

/** Tells clusters what an isolate has done, and hears what changed since its picture. */
interface Clusters {
  refresh(clusterId: string, refresh: Refresh): Promise<Snapshot>
}

interface Options {
  clusters: Clusters
  clock: Clock
  weights: Weights
  wait?: (ms: number) => Promise<void>
}

interface Kept {
  picture: Picture
  failed: boolean
  paused_until_ms: number
  telling_until_ms: number
}

export function createFleets({ clusters, clock, weights, wait = pause }: Options): Fleets {
  const known = new LRUCache<string, Kept>({ max: PICTURES_MAX })
  const flights = createFlights<void>()
  const nowMs = () => clock().getTime()

  function keptOf(cluster_id: string): Kept {
    const kept = known.get(cluster_id) ?? {
      picture: new Picture(cluster_id, weights),
      failed: false,
      paused_until_ms: 0,
      telling_until_ms: 0,
    }
    known.set(cluster_id, kept)
    return kept
  }

  function refresh(cluster_id: string, kept: Kept, defer: Defer): Promise<void> {
    return flights.run(cluster_id, defer, async () => {
      const asked_at_ms = nowMs()
      try {
        const snapshot = await clusters.refresh(cluster_id, kept.picture.ask(asked_at_ms))
        const forgotten = kept.picture.answer(snapshot, asked_at_ms)
        kept.failed = false
        kept.paused_until_ms = 0
        if (forgotten) tellSoon(cluster_id, kept, defer)
      } catch (error) {
        kept.failed = true
        kept.paused_until_ms = nowMs() + CLUSTER_PAUSE_MS
        throw error
      }
    })
  }

  async function get(cluster_id: string, defer: Defer): Promise<Seen> {
    const kept = keptOf(cluster_id)
    const { picture } = kept
    const age_ms = ageOf(picture)
    const usable = age_ms < PICTURE_STALE_MAX_MS
    if (age_ms < PICTURE_FRESH_MS || (usable && nowMs() < kept.paused_until_ms)) return see(kept)
    const refreshed = refresh(cluster_id, kept, defer)
    try {
      if (age_ms < PICTURE_USABLE_MS) refreshed.catch(() => undefined)
      else await refreshed
    } catch (cause) {
      if (!usable) throw new Fault('unavailable', 'cluster_unavailable', 'The cluster cannot be asked now.', { cause })
    }
    return see(kept)
  }

  /** While the cluster is out of reach its picture stands still: that silence is ours, not its hosts'. */
  function see({ picture, failed }: Kept): Seen {
    const { fleet, at_ms } = picture
    fleet.frozen_at_ms = failed && at_ms !== null ? at_ms : Number.POSITIVE_INFINITY
    return { fleet, stale_ms: failed ? ageOf(picture) : 0 }
  }

  function ageOf({ at_ms }: Picture): number {
    return at_ms === null ? Number.POSITIVE_INFINITY : nowMs() - at_ms
  }

  /** Others of this isolate may have told the cluster in the meantime, with a newer picture as their aim. */
  function tellSoon(cluster_id: string, kept: Kept, defer: Defer): void {
    // A teller that is past its time was ended together with its request.
    if (nowMs() < kept.telling_until_ms) return
    kept.telling_until_ms = nowMs() + TELL_AFTER_MS + CLUSTER_TIMEOUT_MS
    const tell = async () => {
      await wait(TELL_AFTER_MS)
      kept.telling_until_ms = 0
      if (kept.picture.ledger.isEmpty || nowMs() < kept.paused_until_ms) return
      await refresh(cluster_id, kept, defer)
    }
    defer(tell().catch(() => undefined))
  }

  return {
    get: async (clusterIds, defer) => {
      const wanted = clusterIds.slice(0, CLUSTERS_PER_DECISION_MAX)
      const results = await Promise.allSettled(wanted.map((clusterId) => get(clusterId, defer)))
      const seen = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      const failed = results.find((result) => result.status === 'rejected')
      if (seen.length === 0 && failed) throw failed.reason
      return { fleets: seen.map(({ fleet }) => fleet), stale_ms: Math.max(0, ...seen.map(({ stale_ms }) => stale_ms)) }
    },
    sent: (choice, defer) => {
      const kept = keptOf(choice.cluster_id)
      kept.picture.sent(choice, nowMs())
      tellSoon(choice.cluster_id, kept, defer)
    },
    refused: (refusal, defer) => {
      const kept = keptOf(refusal.cluster_id)
      kept.picture.note({ outcome: 'refused', ...refusal }, nowMs())
      tellSoon(refusal.cluster_id, kept, defer)
    },
  }
}

interface Seen {
  fleet: Fleet
  stale_ms: number
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
