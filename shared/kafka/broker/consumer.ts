import {
  Consumer,
  type ConsumerGroupJoinPayload,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  offsetCommitV8,
} from '@platformatic/kafka'
import { Fault } from '../../fault.ts'
import { BatchTurns } from '../batch-turns.ts'
import type { BatchHandler, ConsumeOptions } from '../event-log.ts'
import { HandlerError, retryDelayMs } from '../handle-batch.ts'
import { wait } from '../wait.ts'
import { within } from '../within.ts'
import { KafkaBatches, type TextMessage, toRecord } from './batches.ts'
import {
  CLOSE_DEADLINE_MS,
  clientOptions,
  FETCH_BYTES_MAX,
  FETCH_WAIT_MS,
  type KafkaOptions,
  SESSION_TIMEOUT_MS,
} from './client.ts'
import { isRebalance, toKafkaFault } from './fault.ts'

/** Heartbeats within one session time-out. */
const HEARTBEATS_PER_SESSION = 4
/** How many session time-outs the other members get to join again when the group changes. */
const REBALANCE_SESSIONS = 3

/** Works as a member of the group until `closing`; joins anew, after a back-off, whenever the broker or the group is lost. */
export async function runKafkaConsumer(
  options: KafkaOptions,
  of: ConsumeOptions,
  handler: BatchHandler,
  closing: AbortSignal,
): Promise<void> {
  let worked = false
  for (let failures = 0; !closing.aborted; failures++) {
    try {
      await using member = new Member(options, of, handler)
      await member.work(closing, () => {
        worked = true
        failures = 0
      })
    } catch (error) {
      if (error instanceof HandlerError) throw error
      const fault = toKafkaFault(error)
      // A broker that has just come back does not know its topics for a moment.
      const returning = worked && fault.reason === 'unknown_topic'
      if (!fault.retry && !returning) throw fault
      options.report?.(fault)
      await wait(retryDelayMs(failures), closing)
    }
  }
}

interface Generation {
  id: number
  member: string
  /** Aborted when the group forms its next generation or this member is in trouble. */
  over: AbortController
}

/** One membership of the group, through all of its generations. */
class Member implements AsyncDisposable {
  readonly #of: ConsumeOptions
  readonly #handler: BatchHandler
  readonly #client: Consumer<string, Buffer, string, string>
  readonly #sessionMs: number
  #generation: Generation | undefined
  #trouble: Error | undefined

  constructor(options: KafkaOptions, of: ConsumeOptions, handler: BatchHandler) {
    this.#of = of
    this.#handler = handler
    this.#sessionMs = options.session_timeout_ms ?? SESSION_TIMEOUT_MS
    this.#client = new Consumer<string, Buffer, string, string>({
      ...clientOptions(options),
      groupId: of.group,
      autocommit: false,
      sessionTimeout: this.#sessionMs,
      rebalanceTimeout: this.#sessionMs * REBALANCE_SESSIONS,
      heartbeatInterval: Math.floor(this.#sessionMs / HEARTBEATS_PER_SESSION),
      maxWaitTime: FETCH_WAIT_MS,
      maxBytes: FETCH_BYTES_MAX,
      // One fetch ahead: the next starts when the last has been read, so memory is bounded by bytes, not by count.
      highWaterMark: 1,
      deserializers: { key: fromText, value: (value) => value, headerKey: fromText, headerValue: fromText },
    })
    this.#client.on('consumer:group:join', (payload) => this.#begin(payload))
    this.#client.on('consumer:heartbeat:stalled', () =>
      this.#fail(new Fault('unavailable', 'event_log_unavailable', 'The group does not answer')),
    )
    this.#client.on('error', (error) => this.#fail(error))
  }

  /** Handles batches until `closing`; `onCommit` follows each commit. */
  async work(closing: AbortSignal, onCommit: () => void): Promise<void> {
    // Held for the whole membership: the client would otherwise leave and join with each stream.
    this.#client.topics.track(this.#of.topic)
    await this.#client.joinGroup({})
    while (!closing.aborted && !this.#trouble && this.#generation) {
      await this.#workGeneration(this.#generation, closing, onCommit)
    }
    if (this.#trouble) throw this.#trouble
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await within(CLOSE_DEADLINE_MS, this.#client.close(true)).catch(() => undefined)
  }

  #begin({ generationId = 0, memberId }: ConsumerGroupJoinPayload): void {
    const previous = this.#generation
    this.#generation = { id: generationId, member: memberId, over: new AbortController() }
    previous?.over.abort()
  }

  #fail(error: Error): void {
    this.#trouble ??= error
    this.#generation?.over.abort()
  }

  /** A fresh stream for each generation: what an older one has fetched may belong to another member now. */
  async #workGeneration(generation: Generation, closing: AbortSignal, onCommit: () => void): Promise<void> {
    const stopped = new AbortController()
    const ended = AbortSignal.any([closing, generation.over.signal, stopped.signal])
    const stream = await this.#client.consume({
      topics: [this.#of.topic],
      mode: MessagesStreamModes.COMMITTED,
      fallbackMode: MessagesStreamFallbackModes.EARLIEST,
      autocommit: false,
    })
    const turns = new BatchTurns(this.#handler, () => stopped.abort())
    try {
      const batches = new KafkaBatches(stream, this.#of, ended)
      while (!ended.aborted) {
        const batch = await batches.next(ended)
        if (batch.length === 0) break
        const commit = async () => {
          const done = !generation.over.signal.aborted && (await this.#commit(generation, batch))
          if (done) onCommit()
          return done
        }
        if (!(await turns.take(batch.map(toRecord), commit, ended))) break
      }
      await turns.settled()
    } finally {
      stream.destroy()
    }
  }

  /**
   * Commits as the member of exactly this generation, so that the broker refuses it once the group has moved on;
   * the client's own commit would join again and then commit what may be another member's by now.
   */
  async #commit(generation: Generation, batch: TextMessage[]): Promise<boolean> {
    const next = new Map(
      batch.map(({ partition, offset, leaderEpoch }) => [partition, { offset: offset + 1n, leaderEpoch }]),
    )
    const partitions = Array.from(next, ([partitionIndex, { offset, leaderEpoch }]) => ({
      partitionIndex,
      committedOffset: offset,
      committedLeaderEpoch: leaderEpoch,
      committedMetadata: null,
    }))
    const coordinator = await this.#client.findGroupCoordinator()
    const connection = (await this.#client.connectToBrokers([coordinator])).get(coordinator)
    if (!connection) throw new Fault('unavailable', 'event_log_unavailable', 'The coordinator of the group is gone')
    try {
      const topics = [{ name: this.#of.topic, partitions }]
      await offsetCommitV8.api.async(connection, this.#of.group, generation.id, generation.member, null, topics)
      return true
    } catch (error) {
      if (!isRebalance(error)) throw error
      // The next heartbeat hears of it too and joins again.
      await wait(this.#sessionMs, generation.over.signal)
      return false
    }
  }
}

function fromText(bytes: Buffer | undefined): string {
  return bytes?.toString() ?? ''
}
