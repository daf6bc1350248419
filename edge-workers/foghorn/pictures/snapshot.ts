import type { Location, Weights } from '../../../shared/contract/foghorn.ts'
import type { Question } from '../decision/decision.ts'
import type { Usage } from '../decision/usage.ts'

/** What an isolate knows of a cluster, and what it has to tell it: one call carries both. */
export interface Refresh {
  isolate_id: string
  /** Of the picture that it has; null for none. */
  epoch: string | null
  version: number
  /** Who was sent to hosts since the last one that the cluster is known to have counted, oldest first. */
  batches: ChargeBatch[]
}

/** What an isolate did in a moment, under a number, by which a batch that is told twice counts once. */
export interface ChargeBatch {
  number: number
  age_ms: number
  charges: Charge[]
  recent: Recent[]
}

/** Viewers who are under way to a host. */
export interface Charge {
  node_id: string
  viewers: number
  bytes_per_second: number
}

/** Somebody was sent to a host. */
export interface Choice {
  cluster_id: string
  node_id: string
  want: Question['want']
  stream: string
  playback_id: string | null
  at_ms: number
  score: number
  parts: Record<string, number>
  distance_km: number | null
  protocol: string | null
}

/** No host was found; `reason` is what held back the one that came nearest. */
export type Refusal = Pick<Choice, 'cluster_id' | 'want' | 'stream' | 'playback_id' | 'at_ms' | 'protocol'> & {
  reason: string
}

/** What was decided of late, for people to look at. */
export type Recent = ({ outcome: 'sent' } & Choice) | ({ outcome: 'refused' } & Refusal)

/** A cluster as its object knows it: everything, or the parts that are newer than the version asked about. */
export interface Snapshot {
  /** Versions of another epoch mean nothing: the object was started anew since. */
  epoch: string
  version: number
  whole: boolean
  hosts: HostParts[]
  /** Hosts that were forgotten. */
  removed: string[]
  /** Outputs and stream names that `hosts` refer to by index. */
  outputs: Readonly<Record<string, string>>[]
  names: string[]
  /** Null for the configured ones. */
  weights: Weights | null
  /** The newest batch of this isolate that is counted. */
  counted: number
  /** How many times what this isolate charges all isolates charge meanwhile, at least 1. */
  crowd: number
}

/** The parts of a host that changed. */
export interface HostParts {
  node_id: string
  profile?: Profile
  figures?: Figures
  /** Streams that media comes in to: twice the index of the name, and 1 more for a replica. */
  presence?: number[]
}

/** What seldom changes. */
export interface Profile {
  address: string
  outputs: number
  tags: string[]
  location: Location | null
}

/** What each heartbeat may change. */
export interface Figures extends Usage {
  age_ms: number
  healthy: boolean
  draining: boolean
  /** An operator keeps it out of balancing. */
  held_out: boolean
  /** Of viewers who were sent to it and do not show in its egress yet. */
  pending_bytes_per_second: number
}
