-- A small durable log with the promises of Kafka's: gapless offsets in each partition, groups with committed offsets.

create table topics (
  id int generated always as identity primary key,
  name text not null unique,
  partitions int not null check (partitions between 1 and 1000),
  retention_ms bigint check (retention_ms > 0)
);

-- The lock on this row orders the writers of a partition, so offsets appear in order and without gaps.
create table partitions (
  topic_id int not null references topics,
  partition int not null,
  first_offset bigint not null default 0,
  next_offset bigint not null default 0,
  primary key (topic_id, partition)
) with (fillfactor = 50);

create table records (
  topic_id int not null,
  partition int not null,
  record_offset bigint not null,
  key text not null,
  -- Not jsonb: it is only handed back as it came.
  headers json not null,
  value bytea not null,
  timestamp_ms bigint not null,
  -- Taken once the partition is locked, so it never runs backwards along the offsets.
  appended_at timestamptz not null default clock_timestamp(),
  primary key (topic_id, partition, record_offset)
);

create table members (
  group_name text not null,
  topic_id int not null references topics,
  member uuid not null,
  expires_at timestamptz not null,
  primary key (group_name, topic_id, member)
);

-- A group's progress in a partition, and the member that may move it. Each new owner raises the epoch;
-- a commit with an older one changes nothing.
create table claims (
  group_name text not null,
  topic_id int not null references topics,
  partition int not null,
  committed bigint not null default 0,
  owner uuid,
  epoch bigint not null default 0,
  primary key (group_name, topic_id, partition)
) with (fillfactor = 50);

grant select, insert, update, delete on topics, partitions, records, members, claims to event_log;
