import type { Pool } from '../../postgres/pool.ts'
import type { ConsumedRecord } from '../event-log.ts'
import type { Backlog } from '../read-quotas.ts'
import { HANDLED_BYTES_MAX } from '../record-size.ts'
import { query } from './topic.ts'

interface Row {
  partition: number
  record_offset: string
  key: string
  headers: Record<string, string>
  value: Buffer
  timestamp_ms: string
}

/** Where the partitions begin and end now. */
export async function readEnds(pool: Pool, topicId: number, partitions: number[]) {
  const rows = await query<{ partition: number; first_offset: string; next_offset: string }>(
    pool,
    `select partition, first_offset, next_offset from event_log.partitions
     where topic_id = $1 and partition = any($2::int[])`,
    [topicId, partitions],
  )
  return new Map(rows.map((row) => [row.partition, { first: BigInt(row.first_offset), next: BigInt(row.next_offset) }]))
}

/**
 * Reads the wanted ranges, in order within each partition. Bytes are limited too: the records before the one that
 * passes the limit come, so ranges are cut at their ends only, and the first wanted one always makes progress.
 */
export async function readRecords(pool: Pool, topicId: number, wanted: readonly Backlog[]): Promise<ConsumedRecord[]> {
  const rows = await query<Row>(
    pool,
    `select partition, record_offset, key, headers, value, timestamp_ms from (
       select r.*, w.turn,
         sum(octet_length(r.value)) over (order by w.turn, r.record_offset) - octet_length(r.value) as bytes_before
       from unnest($2::int[], $3::bigint[], $4::bigint[]) with ordinality as w(partition, start, stop, turn)
       join event_log.records r
         on r.topic_id = $1 and r.partition = w.partition and r.record_offset >= w.start and r.record_offset < w.stop
     ) as sized
     where bytes_before < $5 order by turn, record_offset`,
    [
      topicId,
      wanted.map(({ partition }) => partition),
      wanted.map(({ from }) => from),
      wanted.map(({ until }) => until),
      HANDLED_BYTES_MAX,
    ],
  )
  return rows.map((row) => ({
    partition: row.partition,
    offset: BigInt(row.record_offset),
    key: row.key,
    value: row.value,
    headers: row.headers,
    timestamp_ms: Number(row.timestamp_ms),
  }))
}
