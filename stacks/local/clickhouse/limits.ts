const MEGABYTE = 1024 * 1024

/** Queries that run at once; each needs a thread of the process' pool for as long as it runs. */
export const QUERIES_RUNNING_MAX = 8
/** Queries that wait for one of those; more get TOO_MANY_SIMULTANEOUS_QUERIES. */
export const QUERIES_WAITING_MAX = 256
/** Threads that stay free for files and compression while every query slot is taken. */
export const SPARE_THREADS = 4
/** Of a query's own text, rows after INSERT … VALUES included. */
export const QUERY_BYTES_MAX = 8 * MEGABYTE
/** Of the rows that follow an INSERT, after decompression. */
export const INSERT_BYTES_MAX = 512 * MEGABYTE
/** A query that asks for no limit of its own ends after this. */
export const EXECUTION_SECONDS_DEFAULT = 60
/** Of the whole engine: what a laptop can spare. */
export const ENGINE_MEMORY_BYTES_MAX = 2_048 * MEGABYTE
export const MARK_CACHE_BYTES_MAX = 64 * MEGABYTE
export const START_TIMEOUT_MS = 30_000
export const STOP_TIMEOUT_MS = 10_000
