/** Bounds of one event, met by every sender and checked again by Decklog. Lengths are in characters of Unicode. */
export const NAME_CHARS_MAX = 256
export const HOST_CHARS_MAX = 255
export const URL_CHARS_MAX = 2048
export const TEXT_CHARS_MAX = 1024
export const TRACKS_MAX = 64
export const CLIENT_SAMPLES_MAX = 500
export const CANDIDATES_MAX = 64
export const SESSION_PARTS_MAX = 64
export const TAGS_MAX = 32
export const LOG_LINES_MAX = 10
export const HEALTH_REASONS_MAX = 16

/** Bounds of one call to Decklog; a Lambda takes 6 MB of body, and base64 makes 4 MiB into 5.6 MB. */
export const EVENT_DATA_BYTES_MAX = 256 * 1024
export const BATCH_EVENTS_MAX = 500
export const BATCH_BYTES_MAX = 4 * 1024 * 1024
