import { Fault } from '../../fault.ts'
import type { Pool } from '../../postgres/pool.ts'
import type { EventRecord, RecordPosition } from '../event-log.ts'
import { partitionOf } from '../partition.ts'
import { recordTime } from '../record-size.ts'
import { query, type Topic } from './topic.ts'
import { CHANNEL, topicSignal } from './wakeup.ts'

/**
 * Partitions are locked in one order, so writers wait for each other and never deadlock. All values travel as one
 * binary parameter: an array of them would be sent as hexadecimal text.
 */
const APPEND = `
  with batch as (
    select partition, key, headers, timestamp_ms, substring($7::bytea from start for length) as value, position
    from unnest($2::int[], $3::text[], $4::json[], $5::bigint[], $6::int[], $8::int[])
      with ordinality as b(partition, key, headers, timestamp_ms, start, length, position)),
  sizes as (select partition, count(*) as records from batch group by partition),
  locked as materialized (
    select partition, next_offset from event_log.partitions
    where topic_id = $1 and partition in (select partition from sizes)
    order by partition for update),
  advanced as (
    update event_log.partitions p set next_offset = l.next_offset + s.records
    from locked l join sizes s using (partition)
    where p.topic_id = $1 and p.partition = l.partition),
  appended as (
    insert into event_log.records (topic_id, partition, record_offset, key, headers, value, timestamp_ms)
    select $1, b.partition, l.next_offset + row_number() over (partition by b.partition order by b.position) - 1,
      b.key, b.headers, b.value, b.timestamp_ms
    from batch b join locked l using (partition))
  select partition, next_offset as base, pg_notify('${CHANNEL}', $9) from locked`

/** Appends the records in one statement: all of them or none. */
export async function append(pool: Pool, topic: Topic, records: EventRecord[]): Promise<RecordPosition[]> {
  const now = Date.now()
  const partitions = records.map(({ key, partition }) => partition ?? partitionOf(key, topic.partitions))
  const lengths = records.map(({ value }) => value.byteLength)
  let end = 1
  const starts = lengths.map((length) => {
    end += length
    return end - length
  })
  const rows = await query<{ partition: number; base: string }>(pool, APPEND, [
    topic.id,
    partitions,
    records.map(({ key }) => key),
    records.map(({ headers }) => JSON.stringify(headers)),
    records.map((record) => recordTime(record, now)),
    starts,
    Buffer.concat(records.map(({ value }) => value)),
    lengths,
    topicSignal(topic.id),
  ])
  const next = new Map(rows.map(({ partition, base }) => [partition, BigInt(base)]))
  return partitions.map((partition) => {
    const offset = next.get(partition)
    if (offset === undefined) throw new Fault('internal', 'event_log_failed', 'The topic has lost a partition')
    next.set(partition, offset + 1n)
    return { partition, offset }
  })
}
