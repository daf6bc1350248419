import { Fault } from '../../fault.ts'
import type { Pool } from '../../postgres/pool.ts'
import type { PartitionLag, TopicOptions } from '../event-log.ts'
import { toPostgresFault } from './fault.ts'

export interface Topic {
  id: number
  partitions: number
}

/** Creates a topic and its partitions in one statement; does nothing when the name is taken. */
export async function ensureTopic(pool: Pool, name: string, { partitions, retention_ms }: TopicOptions): Promise<void> {
  await query(
    pool,
    `with topic as (
       insert into event_log.topics (name, partitions, retention_ms) values ($1, $2, $3)
       on conflict (name) do nothing returning id, partitions)
     insert into event_log.partitions (topic_id, partition)
     select topic.id, numbers.partition from topic, generate_series(0, topic.partitions - 1) as numbers(partition)`,
    [name, partitions, retention_ms ?? null],
  )
}

export async function findTopic(pool: Pool, name: string): Promise<Topic> {
  const [topic] = await query<Topic>(pool, 'select id, partitions from event_log.topics where name = $1', [name])
  if (!topic) throw new Fault('not_found', 'unknown_topic', 'The topic does not exist')
  return topic
}

export async function readLag(pool: Pool, topic: Topic, group: string): Promise<PartitionLag[]> {
  const rows = await query<{ partition: number; committed: string; end: string }>(
    pool,
    `select p.partition, greatest(c.committed, p.first_offset) as committed, p.next_offset as end
     from event_log.partitions p
     left join event_log.claims c on c.group_name = $2 and c.topic_id = p.topic_id and c.partition = p.partition
     where p.topic_id = $1 order by p.partition`,
    [topic.id, group],
  )
  return rows.map(({ partition, ...row }) => {
    const committed = BigInt(row.committed)
    const end = BigInt(row.end)
    return { partition, committed, end, lag: end - committed }
  })
}

/** One statement, its rows, and its failures as faults. */
export async function query<Row>(pool: Pool, text: string, values: unknown[]): Promise<Row[]> {
  try {
    const { rows } = await pool.query(text, values)
    return rows as Row[]
  } catch (error) {
    throw toPostgresFault(error)
  }
}
