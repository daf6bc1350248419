import type { Client } from '../../shared/client/client.ts'
import type { Context } from '../../shared/context.ts'
import type { Weights } from '../../shared/contract/foghorn.ts'
import type { Env } from '../../shared/http/app.ts'
import type { Front } from '../../shared/http/caller-address.ts'
import type { FoghornSettings } from './config.ts'
import type { Defer } from './flight.ts'
import type { Allowance } from './ingest/allowance.ts'
import type { Clusters } from './nodes/clusters.ts'
import type { OwnedClustersOf } from './nodes/owned-clusters.ts'
import type { Fleets } from './pictures/fleets.ts'
import type { DecisionLog } from './play/decision-log.ts'
import type { Verdicts } from './play/verdicts.ts'

/** What Foghorn's functions work with. */
export interface Deps {
  verdicts: Verdicts
  clusters: Clusters
  fleets: Fleets
  decisions: DecisionLog
  /** Which streams may be played from a host that must first pull them. */
  cold: FoghornSettings['config']['COLD_HOSTS']
  commodore: Client
  quartermaster: Client
  /** What counts how much in a cluster that has no weights of its own. */
  weights: Weights
  ownedClusters: OwnedClustersOf
  /** How often an address may ask about stream keys. */
  allowance: Allowance
  /** Who stands before us and tells of callers. */
  front: Front
}

/** What Foghorn's functions get before their input. */
export type Ctx = Context & Deps & { defer: Defer }

export type FoghornEnv = Env<Deps>
