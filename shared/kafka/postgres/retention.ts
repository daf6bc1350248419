import type { Pool } from '../../postgres/pool.ts'
import { query } from './topic.ts'

/** Expired records of one partition that one pass deletes at most, so that it never holds up writers for long. */
export const EXPIRED_RECORDS_MAX = 5_000

/**
 * Deletes what has outlived its topic's retention, oldest first, and answers how many records went.
 * Only a prefix of a partition goes, so offsets stay gapless.
 */
export async function deleteExpired(pool: Pool): Promise<number> {
  const rows = await query<{ gone: string }>(
    pool,
    `with expired as (
       select p.topic_id, p.partition, oldest.record_offset
       from event_log.topics t
       join event_log.partitions p on p.topic_id = t.id
       cross join lateral (
         select r.record_offset, r.appended_at from event_log.records r
         where r.topic_id = p.topic_id and r.partition = p.partition
         order by r.record_offset limit $1) as oldest
       where oldest.appended_at < clock_timestamp() - make_interval(secs => t.retention_ms::float8 / 1000)),
     gone as (
       delete from event_log.records r using expired e
       where r.topic_id = e.topic_id and r.partition = e.partition and r.record_offset = e.record_offset
       returning r.topic_id, r.partition, r.record_offset),
     ends as (select topic_id, partition, max(record_offset) + 1 as first_offset from gone group by topic_id, partition),
     -- In the writers' order, or both could deadlock.
     locked as materialized (
       select p.topic_id, p.partition from event_log.partitions p join ends using (topic_id, partition)
       order by p.topic_id, p.partition for update of p),
     moved as (
       update event_log.partitions p set first_offset = greatest(p.first_offset, e.first_offset)
       from ends e join locked l using (topic_id, partition)
       where p.topic_id = e.topic_id and p.partition = e.partition)
     select count(*) as gone from gone`,
    [EXPIRED_RECORDS_MAX],
  )
  return Number(rows[0]?.gone ?? 0)
}
