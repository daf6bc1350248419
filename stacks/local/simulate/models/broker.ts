import { Fault } from '../../../../shared/fault.ts'
import type { ConsumedRecord, EventRecord, PartitionLag, RecordPosition } from '../../../../shared/kafka/event-log.ts'
import { partitionOf } from '../../../../shared/kafka/partition.ts'
import { readQuotas } from '../../../../shared/kafka/read-quotas.ts'

/** A member that is not heard of for this long loses its partitions. */
export const SESSION_MS = 10_000

interface Member {
  heardAt: number
  /** The generation that it has joined. */
  generation: number
}

/** Members of one group, and how far it has come in each partition of a topic. */
interface Group {
  generation: number
  members: Map<string, Member>
  committed: Map<number, bigint>
}

/** What a member may work on, for as long as its generation is the group's. */
export interface Assignment {
  generation: number
  next: Map<number, bigint>
}

/**
 * What every engine of the event log keeps: partitions that only grow, and groups with committed offsets, fenced by
 * generations. It is held to the real engines by `event-log.test.ts`.
 */
export class Broker {
  readonly #topics = new Map<string, ConsumedRecord[][]>()
  readonly #groups = new Map<string, Group>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  ensureTopic(topic: string, partitions: number): void {
    if (!this.#topics.has(topic))
      this.#topics.set(
        topic,
        Array.from({ length: partitions }, () => []),
      )
  }

  records(topic: string): readonly (readonly ConsumedRecord[])[] {
    const partitions = this.#topics.get(topic)
    if (partitions === undefined) throw new Fault('not_found', 'unknown_topic', 'The topic does not exist')
    return partitions
  }

  append(topic: string, records: readonly EventRecord[]): RecordPosition[] {
    this.records(topic)
    const partitions = this.#topics.get(topic) ?? []
    return records.map(({ timestamp_ms, partition: wanted, ...record }) => {
      const partition = wanted ?? partitionOf(record.key, partitions.length)
      const list = partitions[partition] ?? []
      const now = this.#now()
      const position = { partition, offset: BigInt(list.length) }
      list.push({ ...record, ...position, timestamp_ms: Math.min(timestamp_ms ?? now, now) })
      return position
    })
  }

  /** Joins, or joins again: the group then has a new generation, and every other member must do the same. */
  join(topic: string, name: string, member: string): Assignment {
    const group = this.#group(topic, name)
    this.#bury(group)
    const known = group.members.get(member)
    if (known === undefined || known.generation === group.generation) group.generation += 1
    group.members.set(member, { heardAt: this.#now(), generation: group.generation })
    const members = [...group.members.keys()].sort()
    const mine = members.indexOf(member)
    const partitions = this.records(topic).map((_, partition) => partition)
    const share = partitions.filter((partition) => partition % members.length === mine)
    return {
      generation: group.generation,
      next: new Map(share.map((partition) => [partition, group.committed.get(partition) ?? 0n])),
    }
  }

  /** True while the member's generation is the group's. */
  heartbeat(topic: string, name: string, member: string, generation: number): boolean {
    const group = this.#group(topic, name)
    this.#bury(group)
    const known = group.members.get(member)
    if (known === undefined) return false
    known.heardAt = this.#now()
    return group.generation === generation
  }

  fetch(topic: string, next: ReadonlyMap<number, bigint>, recordsMax: number): ConsumedRecord[] {
    const partitions = this.records(topic)
    const backlog = [...next].map(([partition, from]) => {
      return { partition, from, until: BigInt(partitions[partition]?.length ?? 0) }
    })
    return readQuotas(backlog, recordsMax).flatMap(({ partition, from, until }) =>
      (partitions[partition] ?? []).slice(Number(from), Number(until)),
    )
  }

  /** False, and nothing changes, when the group has moved on without the member. */
  commit(topic: string, name: string, member: string, { generation, next }: Assignment): boolean {
    const group = this.#group(topic, name)
    this.#bury(group)
    if (!group.members.has(member) || group.generation !== generation) return false
    for (const [partition, offset] of next) group.committed.set(partition, offset)
    return true
  }

  leave(topic: string, name: string, member: string): void {
    const group = this.#group(topic, name)
    if (group.members.delete(member)) group.generation += 1
  }

  lag(topic: string, name: string): PartitionLag[] {
    const { committed } = this.#group(topic, name)
    return this.records(topic).map((records, partition) => {
      const [at, end] = [committed.get(partition) ?? 0n, BigInt(records.length)]
      return { partition, committed: at, end, lag: end - at }
    })
  }

  #group(topic: string, name: string): Group {
    const key = `${topic} ${name}`
    const group = this.#groups.get(key) ?? { generation: 0, members: new Map(), committed: new Map() }
    this.#groups.set(key, group)
    return group
  }

  #bury(group: Group): void {
    for (const [member, { heardAt }] of group.members) {
      if (this.#now() - heardAt > SESSION_MS && group.members.delete(member)) group.generation += 1
    }
  }
}
