/** One event to append. Records of one `key` stay in order; headers are UTF-8 text. */
export interface EventRecord {
  key: string
  value: Uint8Array
  headers: Record<string, string>
  /** Where it goes, whatever its key; by its key when absent. */
  partition?: number
  /** Source time in Unix ms; the time of the append when absent or ahead of it. */
  timestamp_ms?: number
}

export interface RecordPosition {
  partition: number
  offset: bigint
}

export interface ConsumedRecord extends RecordPosition {
  key: string
  value: Uint8Array
  headers: Record<string, string>
  timestamp_ms: number
}

export interface TopicOptions {
  partitions: number
  /** Records older than this may be deleted; kept as the engine's default says when absent. */
  retention_ms?: number
}

export interface ConsumeOptions {
  topic: string
  /** Members of one group share the partitions of the topic; each group sees every record. */
  group: string
  /** Aborting closes the consumer as `close` does. */
  signal?: AbortSignal
  batch_records_max: number
  /** How long a batch waits for more records after its first one. */
  batch_wait_ms: number
}

/**
 * Handles one batch; resolving commits it. A thrown `Fault` with `retry` runs the same batch again after a
 * back-off; any other error stops the consumer. A record may arrive again after a crash or a rebalance.
 * A handler may leave a second step to be done, which then runs while the next batch is handed over: second steps run
 * one at a time, in order, are retried in the same way, and a batch is committed after its own.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: most handlers resolve with nothing.
export type BatchHandler = (batch: ConsumedRecord[]) => Promise<void | SecondStep>
export type SecondStep = () => Promise<void>

export interface PartitionLag {
  partition: number
  /** The next offset the group would be given after a restart. */
  committed: bigint
  /** The offset that the next record will get. */
  end: bigint
  /** `end - committed`: records not yet committed. */
  lag: bigint
}

export interface Consumer extends AsyncDisposable {
  /** Resolves after `close`; rejects with the error that stopped the consumer. Left unwatched, that error is an unhandled rejection. */
  readonly done: Promise<void>
  /** Resolves when the group has committed everything that was produced before the call. */
  drained(): Promise<void>
  /** Lets the batch in hand finish and commit, then leaves the group. Repeatable; never rejects. */
  close(): Promise<void>
}

/**
 * A durable log of topics cut in partitions, read at least once by groups. Every method rejects with a `Fault`;
 * `retry` says whether the same call may succeed later.
 */
export interface EventLog extends AsyncDisposable {
  /** Creates the topic when it is not there; an existing one keeps its partitions, because a change would break the order of keys. */
  ensureTopic(topic: string, options: TopicOptions): Promise<void>
  /** Resolves when every record is durable, with positions in input order. A rejected call may have appended some of its records. */
  produce(topic: string, records: readonly EventRecord[]): Promise<RecordPosition[]>
  /** Starts a member of the group; a new group starts at the oldest record. */
  consume(options: ConsumeOptions, handler: BatchHandler): Consumer
  lag(of: { topic: string; group: string }): Promise<PartitionLag[]>
  /** How many partitions the topic has. */
  partitions(topic: string): Promise<number>
}
