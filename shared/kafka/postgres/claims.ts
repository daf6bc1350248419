import type { Pool } from '../../postgres/pool.ts'
import { query, type Topic } from './topic.ts'
import { CHANNEL, groupSignal } from './wakeup.ts'

/** A partition that this member owns, the next offset it reads, and the one that the group would read after a restart. */
export interface Claim {
  epoch: bigint
  next: bigint
  committed: bigint
}

interface Membership {
  pool: Pool
  topic: Topic
  group: string
  /** A member that has not been heard of for this long loses its partitions. */
  leaseMs: number
}

const ALIVE = 'expires_at > clock_timestamp()'

/** One member's share of a group's partitions. The lease is the member's; the partitions carry epochs that fence it. */
export class Claims {
  readonly owned = new Map<number, Claim>()
  readonly #member = crypto.randomUUID()
  readonly #of: Membership

  constructor(of: Membership) {
    this.#of = of
  }

  async join(): Promise<void> {
    const { topic, group } = this.#of
    await this.#query(
      `insert into event_log.claims (group_name, topic_id, partition)
       select $1, $2, generate_series(0, $3::int - 1) on conflict do nothing`,
      [group, topic.id, topic.partitions],
    )
    await this.renew()
    await this.#tellGroup()
  }

  /** Extends the lease, or takes up one that has ended. */
  async renew(): Promise<void> {
    await this.#query(
      `insert into event_log.members (group_name, topic_id, member, expires_at)
       values ($1, $2, $3, clock_timestamp() + make_interval(secs => $4::float8 / 1000))
       on conflict (group_name, topic_id, member) do update set expires_at = excluded.expires_at`,
      [...this.#me(), this.#of.leaseMs],
    )
  }

  /**
   * Lets go of what belongs to others, once it is not in hand, and takes what is free of our own share; true when the
   * whole share is ours.
   */
  async rebalance(settled: () => Promise<unknown> = async () => undefined): Promise<boolean> {
    // A pause may have ended the lease; without one we would own nothing.
    await this.renew()
    const wanted = await this.#share()
    const surplus = [...this.owned.keys()].filter((partition) => !wanted.includes(partition))
    if (surplus.length > 0) {
      await settled()
      await this.#release(surplus)
    }
    const missing = wanted.filter((partition) => !this.owned.has(partition))
    if (missing.length > 0) await this.#acquire(missing)
    return wanted.every((partition) => this.owned.has(partition))
  }

  /** Forgets the partitions that others have taken from us since; true when there were any. */
  async dropLost(): Promise<boolean> {
    const rows = await this.#query<{ partition: number; epoch: string }>(
      `select partition, epoch from event_log.claims
       where group_name = $1 and topic_id = $2 and owner = $3`,
      this.#me(),
    )
    const epochs = new Map(rows.map(({ partition, epoch }) => [partition, BigInt(epoch)]))
    return this.#dropUnless((partition, claim) => epochs.get(partition) === claim.epoch)
  }

  /** What was read is not read again, unless it is rewound. */
  read(next: ReadonlyMap<number, bigint>): void {
    for (const [partition, offset] of next) {
      const claim = this.owned.get(partition)
      if (claim) claim.next = offset
    }
  }

  /** Reads anew what was not committed. */
  rewind(): void {
    for (const claim of this.owned.values()) claim.next = claim.committed
  }

  /** Commits the next offsets of owned partitions; those that were taken from us stay as their new owner has them. */
  async commit(next: ReadonlyMap<number, bigint>): Promise<void> {
    const moves = [...next].flatMap(([partition, offset]) => {
      const claim = this.owned.get(partition)
      return claim ? [{ partition, offset, epoch: claim.epoch }] : []
    })
    const rows = await this.#query<{ partition: number }>(
      `update event_log.claims c set committed = w.offset
       from unnest($4::int[], $5::bigint[], $6::bigint[]) as w(partition, "offset", epoch)
       where c.group_name = $1 and c.topic_id = $2 and c.owner = $3 and c.partition = w.partition and c.epoch = w.epoch
       returning c.partition`,
      [...this.#me(), moves.map((m) => m.partition), moves.map((m) => m.offset), moves.map((m) => m.epoch)],
    )
    const kept = new Set(rows.map(({ partition }) => partition))
    this.#dropUnless((partition) => !next.has(partition) || kept.has(partition))
    for (const { partition, offset } of moves) {
      const claim = this.owned.get(partition)
      if (claim) claim.committed = offset
    }
  }

  async leave(): Promise<void> {
    await this.#query(
      `with gone as (delete from event_log.members where group_name = $1 and topic_id = $2 and member = $3)
       update event_log.claims set owner = null where group_name = $1 and topic_id = $2 and owner = $3`,
      this.#me(),
    )
    this.owned.clear()
    await this.#tellGroup()
  }

  /** Every member derives the same shares from the same list of members. */
  async #share(): Promise<number[]> {
    const [group, topicId, member] = this.#me()
    await this.#query(`delete from event_log.members where group_name = $1 and topic_id = $2 and not (${ALIVE})`, [
      group,
      topicId,
    ])
    const rows = await this.#query<{ member: string }>(
      `select member from event_log.members where group_name = $1 and topic_id = $2 and ${ALIVE} order by member`,
      [group, topicId],
    )
    const mine = rows.findIndex((row) => row.member === member)
    const all = Array.from({ length: this.#of.topic.partitions }, (_, partition) => partition)
    return all.filter((partition) => partition % rows.length === mine)
  }

  async #acquire(partitions: number[]): Promise<void> {
    // A claim that is being committed right now is skipped: nobody waits here, so nobody deadlocks.
    const rows = await this.#query<{ partition: number; epoch: string; committed: string }>(
      `with free as (
         select partition from event_log.claims c
         where group_name = $1 and topic_id = $2 and partition = any($4::int[]) and (owner is null or not exists (
           select from event_log.members m
           where m.group_name = $1 and m.topic_id = $2 and m.member = c.owner and m.${ALIVE}))
         for update skip locked)
       update event_log.claims c set owner = $3, epoch = epoch + 1 from free
       where c.group_name = $1 and c.topic_id = $2 and c.partition = free.partition
       returning c.partition, c.epoch, c.committed`,
      [...this.#me(), partitions],
    )
    for (const { partition, epoch, committed } of rows) {
      const from = BigInt(committed)
      this.owned.set(partition, { epoch: BigInt(epoch), next: from, committed: from })
    }
  }

  async #release(partitions: number[]): Promise<void> {
    for (const partition of partitions) this.owned.delete(partition)
    await this.#query(
      `update event_log.claims set owner = null
       where group_name = $1 and topic_id = $2 and owner = $3 and partition = any($4::int[])`,
      [...this.#me(), partitions],
    )
    await this.#tellGroup()
  }

  async #tellGroup(): Promise<void> {
    await this.#query('select pg_notify($1, $2)', [CHANNEL, groupSignal(this.#of.topic.id, this.#of.group)])
  }

  #dropUnless(keep: (partition: number, claim: Claim) => boolean): boolean {
    const lost = [...this.owned].filter(([partition, claim]) => !keep(partition, claim))
    for (const [partition] of lost) this.owned.delete(partition)
    return lost.length > 0
  }

  #me(): [string, number, string] {
    return [this.#of.group, this.#of.topic.id, this.#member]
  }

  #query<Row>(text: string, values: unknown[]): Promise<Row[]> {
    return query<Row>(this.#of.pool, text, values)
  }
}
