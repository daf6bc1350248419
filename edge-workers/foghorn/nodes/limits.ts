/** How long a cluster's Durable Object may take; a viewer waits for it. */
export const CLUSTER_TIMEOUT_MS = 2_000
/** Most hosts of one cluster; a further one is refused until another has been silent for long. */
export const CLUSTER_HOSTS_MAX = 1_000
/** A host that was silent for longer is forgotten. */
export const HOST_FORGET_MS = 10 * 60_000
