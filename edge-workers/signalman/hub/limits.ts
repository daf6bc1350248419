/** Connections of one tenant at a time. */
export const CONNECTIONS_MAX = 10_000
/** Unacknowledged text of all clients together, in characters; beyond it each may have its equal share. */
export const HUB_UNACKNOWLEDGED_CHARS_MAX = 32 * 1_048_576
/** How far back a client can go on from: whichever is reached first. */
export const EVENTS_KEPT_MAX = 20_000
export const EVENTS_KEPT_MS = 10 * 60_000
/** Newest events by stream, node and type; those of what has been silent for longest go first. */
export const STATES_MAX = 20_000
export const STATES_KEPT_MS = 24 * 60 * 60_000
/** Most states of one frame of a snapshot. */
export const FRAME_STATES_MAX = 500
/** What a client may say in a minute, `ping` aside. */
export const FRAMES_PER_MINUTE_MAX = 600
/** How long a client may leave what it was sent unacknowledged once nothing more is sent for it, ms. */
export const BEHIND_MS_MAX = 60_000
/** How often connections are looked through for those that are over, ms; also when there is nothing to tell. */
export const SWEEP_INTERVAL_MS = 30_000
