/** Longest text of one frame from a client. */
export const CLIENT_FRAME_CHARS_MAX = 16_384
/** Subscriptions of one connection. */
export const SUBSCRIPTIONS_MAX = 16
/** Streams, or nodes, that one subscription may name. */
export const FILTER_NAMES_MAX = 100
/** How long a connection lives before its client comes back with a new ticket or token, ms. */
export const CONNECTION_LIFE_MS = 15 * 60_000
/** How often a client says `ping`, to which the answer is `pong`, ms. */
export const PING_INTERVAL_MS = 25_000
/** Who has said nothing for so long is gone, ms. */
export const SILENCE_MS_MAX = 90_000
/** Unacknowledged text on its way to a client, in characters, after which nothing more is sent until it acknowledges. */
export const UNACKNOWLEDGED_CHARS_MAX = 262_144
/** Clients acknowledge after so much text, in characters, or after so long, ms, whichever comes first. */
export const ACKNOWLEDGE_CHARS = 32_768
export const ACKNOWLEDGE_MS = 5_000
/** How long a ticket may wait to be used, seconds. */
export const TICKET_SECONDS = 30
/** Most events of one frame. */
export const FRAME_EVENTS_MAX = 200

/** Events of one call. */
export const FEED_EVENTS_MAX = 1_000

/** Why the hub closes a connection; after `expired`, `slow` and `silent` a client comes back and goes on. */
export const closeCodes = { unreadable: 4400, expired: 4401, slow: 4408, silent: 4409, talkative: 4429 } as const
