/** How long a viewer who was sent to a host counts there without showing. */
export const CHARGE_LIFE_MS = 30_000
/** In so long, what an isolate charged counts half as much for how busy it is. */
export const CROWD_HALF_LIFE_MS = 2_000
/** Isolates whose batches are told apart; the one that was silent longest is forgotten first. */
export const ISOLATES_MAX = 10_000
/** Hosts forgotten of late, which isolates with an older picture must be told of; beyond, they get everything. */
export const REMOVED_MAX = 1_000
/** Streams of all hosts together that a cluster keeps; a host's further ones are left out. */
export const CLUSTER_STREAMS_MAX = 100_000
/** Decisions kept for people to look at. */
export const RECENT_MAX = 100
/** Hosts that operators keep out of balancing. */
export const HELD_OUT_MAX = 1_000
