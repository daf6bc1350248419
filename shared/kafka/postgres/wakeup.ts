import type { Pool, PoolClient } from '../../postgres/pool.ts'
import { retryDelayMs } from '../handle-batch.ts'
import { wait } from '../wait.ts'

export const CHANNEL = 'event_log'
/** How often waiters look for themselves while notifications arrive, in case one was lost with a connection. */
export const POLL_SLOW_MS = 1_000
/** The same while they do not arrive: a pooler between us and the server may swallow them. */
export const POLL_FAST_MS = 25
/** How often an echo of our own proves that notifications come through. A connection on which none came since the last is given up. */
export const ECHO_INTERVAL_MS = 10_000

export const topicSignal = (topicId: number) => `topic:${topicId}`
export const groupSignal = (topicId: number, group: string) => `group:${topicId}:${group}`

/** Notifications from Postgres over one connection of its own, opened for the first waiter and opened again when it breaks. */
export class Wakeup {
  readonly #pool: Pool
  readonly #echoMs: number
  readonly #closed = new AbortController()
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly #echo = `echo:${crypto.randomUUID()}`
  #work: Promise<void> | undefined
  #hears = false

  constructor(pool: Pool, echoMs = ECHO_INTERVAL_MS) {
    this.#pool = pool
    this.#echoMs = echoMs
  }

  /** How long to wait for a notification before looking anyway, in ms. */
  get pollMs(): number {
    return this.#hears ? POLL_SLOW_MS : POLL_FAST_MS
  }

  /** Calls `wake` on each signal; returns how to stop that. */
  on(signal: string, wake: () => void): () => void {
    this.#work ??= this.#listen()
    const wakes = this.#listeners.get(signal) ?? new Set()
    this.#listeners.set(signal, wakes.add(wake))
    return () => wakes.delete(wake)
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#work
  }

  async #listen(): Promise<void> {
    for (let failures = 0; !this.#closed.signal.aborted; failures++) {
      try {
        const client = await this.#pool.connect()
        await this.#serve(client, () => {
          failures = 0
        })
      } catch {
        // Waiters poll meanwhile, and their own queries report what is wrong.
      }
      await wait(retryDelayMs(failures), this.#closed.signal)
    }
  }

  async #serve(client: PoolClient, onHeard: () => void): Promise<void> {
    const broken = new AbortController()
    const over = AbortSignal.any([broken.signal, this.#closed.signal])
    let echoed = false
    client.on('end', () => broken.abort())
    client.on('error', () => broken.abort())
    client.on('notification', ({ payload = '' }: { payload?: string }) => {
      // Our own echo proves that notifications come through.
      if (payload === this.#echo) {
        this.#hears = true
        echoed = true
        onHeard()
      }
      for (const wake of this.#listeners.get(payload) ?? []) wake()
    })
    try {
      await client.query(`listen ${CHANNEL}`)
      do {
        echoed = false
        await this.#pool.query('select pg_notify($1, $2)', [CHANNEL, this.#echo])
        await wait(this.#echoMs, over)
      } while (echoed && !over.aborted)
    } finally {
      this.#hears = false
      client.release(true)
    }
  }
}
