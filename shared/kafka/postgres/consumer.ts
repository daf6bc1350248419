import type { Fault } from '../../fault.ts'
import type { Pool } from '../../postgres/pool.ts'
import { BatchTurns } from '../batch-turns.ts'
import type { BatchHandler, ConsumedRecord, ConsumeOptions } from '../event-log.ts'
import { HandlerError, retryDelayMs } from '../handle-batch.ts'
import { type Backlog, readQuotas } from '../read-quotas.ts'
import { wait } from '../wait.ts'
import { Claims } from './claims.ts'
import { toPostgresFault } from './fault.ts'
import { readEnds, readRecords } from './read.ts'
import type { Topic } from './topic.ts'
import { groupSignal, topicSignal, type Wakeup } from './wakeup.ts'

export const LEASE_MS = 10_000
/** Heartbeats within one lease. */
const RENEWALS_PER_LEASE = 4

export interface PostgresLogOptions {
  /** A member that has not been heard of for this long loses its partitions to the rest of the group. */
  lease_ms?: number
  /** How often it is made sure that notifications come through. */
  echo_ms?: number
  /** Told of every failure that the log recovers from by itself, such as a database that restarts. */
  report?: (fault: Fault) => void
}

interface Work {
  pool: Pool
  findTopic: () => Promise<Topic>
  of: ConsumeOptions
  handler: BatchHandler
  wakeup: Wakeup
  options: PostgresLogOptions
}

/** Works as a member of the group until `closing`; starts over, after a back-off, whenever the database is lost. */
export async function runPostgresConsumer(work: Work, closing: AbortSignal): Promise<void> {
  for (let failures = 0; !closing.aborted; failures++) {
    try {
      await using member = new Member(work, await work.findTopic())
      await member.work(closing, () => {
        failures = 0
      })
    } catch (error) {
      if (error instanceof HandlerError) throw error
      const fault = toPostgresFault(error)
      if (!fault.retry) throw fault
      work.options.report?.(fault)
      await wait(retryDelayMs(failures), closing)
    }
  }
}

/** One membership of the group. */
class Member implements AsyncDisposable {
  readonly #work: Work
  readonly #topic: Topic
  readonly #leaseMs: number
  readonly #claims: Claims
  /** Settled by the next notification; a new one is made before each look at the database. */
  #woken = Promise.withResolvers<void>()
  #rebalanceDue = true
  /** Aborted when another member has taken partitions from us, or a batch was not committed. */
  #lost = new AbortController()
  #turns: BatchTurns

  constructor(work: Work, topic: Topic) {
    this.#work = work
    this.#topic = topic
    this.#leaseMs = work.options.lease_ms ?? LEASE_MS
    this.#claims = new Claims({ pool: work.pool, topic, group: work.of.group, leaseMs: this.#leaseMs })
    this.#turns = this.#openTurns()
  }

  /** Handles batches until `closing`; `onCommit` follows each commit. */
  async work(closing: AbortSignal, onCommit: () => void): Promise<void> {
    const { of, wakeup } = this.#work
    const left = new AbortController()
    const wake = () => this.#woken.resolve()
    const stops = [
      wakeup.on(topicSignal(this.#topic.id), wake),
      wakeup.on(groupSignal(this.#topic.id, of.group), () => {
        this.#rebalanceDue = true
        wake()
      }),
    ]
    closing.addEventListener('abort', wake, { once: true })
    try {
      await this.#claims.join()
      const beats = this.#beat(left.signal)
      try {
        while (!closing.aborted) await this.#turn(closing, onCommit)
        await this.#turns.settled()
      } finally {
        left.abort()
        await beats
      }
    } finally {
      for (const stop of stops) stop()
      closing.removeEventListener('abort', wake)
    }
  }

  /** Gives the partitions back at once; where the database is gone, the lease ends by itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#claims.leave()
    } catch (error) {
      this.#work.options.report?.(toPostgresFault(error))
    }
  }

  /** One round: settle who owns what, then read and hand over one batch, while the one before may be stored yet. */
  async #turn(closing: AbortSignal, onCommit: () => void): Promise<void> {
    this.#woken = Promise.withResolvers<void>()
    if (this.#lost.signal.aborted) await this.#startAgain()
    // An incomplete share is looked at again at the next heartbeat or notification.
    if (this.#rebalanceDue) {
      this.#rebalanceDue = false
      await this.#claims.rebalance(() => this.#turns.settled())
    }
    const backlog = await this.#backlog(closing)
    if (backlog.length === 0) return this.#sleep(this.#work.wakeup.pollMs, closing)

    const batch = await readRecords(this.#work.pool, this.#topic.id, backlog)
    if (batch.length === 0) return
    const next = nextOffsets(batch)
    this.#claims.read(next)
    const commit = async () => {
      await this.#claims.commit(next)
      onCommit()
      return true
    }
    const { signal } = this.#lost
    if (!(await this.#turns.take(batch, commit, AbortSignal.any([closing, signal])))) this.#lost.abort()
  }

  /** From where the group has committed, once nothing is in hand any more. */
  async #startAgain(): Promise<void> {
    await this.#turns.settled()
    this.#lost = new AbortController()
    this.#turns = this.#openTurns()
    this.#claims.rewind()
  }

  #openTurns(): BatchTurns {
    return new BatchTurns(this.#work.handler, () => {
      this.#lost.abort()
      this.#woken.resolve()
    })
  }

  /** What to read for one batch; waits a little for a fuller one once there is something. */
  async #backlog(closing: AbortSignal): Promise<Backlog[]> {
    const { batch_records_max, batch_wait_ms } = this.#work.of
    let until = Number.POSITIVE_INFINITY
    for (;;) {
      const backlog = await this.#look()
      const records = backlog.reduce((sum, part) => sum + Number(part.until - part.from), 0)
      if (records === 0 || closing.aborted) return []
      const now = performance.now()
      until = Math.min(until, now + batch_wait_ms)
      if (records >= batch_records_max || now >= until) return readQuotas(backlog, batch_records_max)
      await this.#sleep(until - now, closing)
      this.#woken = Promise.withResolvers<void>()
    }
  }

  async #look(): Promise<Backlog[]> {
    const { owned } = this.#claims
    if (owned.size === 0) return []
    const ends = await readEnds(this.#work.pool, this.#topic.id, [...owned.keys()])
    return [...ends].flatMap(([partition, { first, next }]) => {
      const claim = owned.get(partition)
      if (!claim) return []
      // Retention may have passed a group that was away.
      if (claim.next < first) claim.next = first
      return claim.next < next ? [{ partition, from: claim.next, until: next }] : []
    })
  }

  async #beat(left: AbortSignal): Promise<void> {
    for (;;) {
      await wait(this.#leaseMs / RENEWALS_PER_LEASE, left)
      if (left.aborted) return
      try {
        await this.#claims.renew()
        if (await this.#claims.dropLost()) this.#lost.abort()
        this.#rebalanceDue = true
        this.#woken.resolve()
      } catch (error) {
        this.#work.options.report?.(toPostgresFault(error))
      }
    }
  }

  async #sleep(ms: number, closing: AbortSignal): Promise<void> {
    const timer = setTimeout(this.#woken.resolve, ms)
    if (!closing.aborted) await this.#woken.promise
    clearTimeout(timer)
  }
}

function nextOffsets(batch: ConsumedRecord[]): Map<number, bigint> {
  return new Map(batch.map(({ partition, offset }) => [partition, offset + 1n]))
}
