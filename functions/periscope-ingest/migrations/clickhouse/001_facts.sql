-- Facts: one row for each event that ended, began or changed something, kept for good. The sorting key ends in the
-- event's id, so an event that arrives again is the same row: merges drop one of them at some time, and every reader
-- asks with FINAL, which drops it at once. A month a partition, as questions are about weeks and months.
-- The deduplication window refuses a batch that a client repeats because it did not hear the answer.

CREATE TABLE IF NOT EXISTS viewer_sessions (
  tenant_id LowCardinality(String),
  stream_id String,
  node_id LowCardinality(String),
  cluster_id LowCardinality(String),
  event_id UUID,
  occurred_at DateTime64(3, 'UTC'),
  received_at DateTime64(3, 'UTC'),
  session_id String,
  host String,
  country_code LowCardinality(String),
  city LowCardinality(String),
  connector LowCardinality(String),
  seconds UInt64,
  egress_bytes UInt64,
  ingress_bytes UInt64,
  seconds_by_connector Map(LowCardinality(String), UInt64),
  seconds_by_stream Map(LowCardinality(String), UInt64),
  tags Array(LowCardinality(String)),
  provenance LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (tenant_id, stream_id, occurred_at, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS viewer_arrivals (
  tenant_id LowCardinality(String),
  stream_id String,
  node_id LowCardinality(String),
  cluster_id LowCardinality(String),
  event_id UUID,
  occurred_at DateTime64(3, 'UTC'),
  received_at DateTime64(3, 'UTC'),
  action LowCardinality(String),
  session_id String,
  host String,
  country_code LowCardinality(String),
  city LowCardinality(String),
  connector LowCardinality(String),
  request_url String,
  reason_code LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (tenant_id, stream_id, occurred_at, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS stream_runs (
  tenant_id LowCardinality(String),
  stream_id String,
  node_id LowCardinality(String),
  cluster_id LowCardinality(String),
  event_id UUID,
  occurred_at DateTime64(3, 'UTC'),
  received_at DateTime64(3, 'UTC'),
  ingress_bytes UInt64,
  egress_bytes UInt64,
  viewers UInt64,
  inputs UInt64,
  outputs UInt64,
  viewer_seconds UInt64,
  provenance LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (tenant_id, stream_id, occurred_at, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS ingest_attempts (
  tenant_id LowCardinality(String),
  stream_id String,
  node_id LowCardinality(String),
  cluster_id LowCardinality(String),
  event_id UUID,
  occurred_at DateTime64(3, 'UTC'),
  received_at DateTime64(3, 'UTC'),
  action LowCardinality(String),
  protocol LowCardinality(String),
  publisher_host String,
  country_code LowCardinality(String),
  city LowCardinality(String),
  request_url String,
  connector_pid Nullable(UInt64),
  reason_code LowCardinality(String),
  reason String,
  provenance LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (tenant_id, stream_id, occurred_at, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS recordings (
  tenant_id LowCardinality(String),
  stream_id String,
  node_id LowCardinality(String),
  cluster_id LowCardinality(String),
  event_id UUID,
  occurred_at DateTime64(3, 'UTC'),
  received_at DateTime64(3, 'UTC'),
  action LowCardinality(String),
  path String,
  format LowCardinality(String),
  bytes Nullable(UInt64),
  seconds Nullable(UInt64),
  started_at Nullable(DateTime64(3, 'UTC')),
  ended_at Nullable(DateTime64(3, 'UTC')),
  media_ms UInt64,
  first_ms Nullable(UInt64),
  last_ms Nullable(UInt64),
  succeeded Nullable(Bool),
  reason_code LowCardinality(String),
  reason String
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (tenant_id, stream_id, occurred_at, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS pushes (
  tenant_id LowCardinality(String),
  stream_id String,
  node_id LowCardinality(String),
  cluster_id LowCardinality(String),
  event_id UUID,
  occurred_at DateTime64(3, 'UTC'),
  received_at DateTime64(3, 'UTC'),
  action LowCardinality(String),
  push_id Nullable(UInt64),
  target String,
  active_ms Nullable(UInt64),
  bytes Nullable(UInt64),
  media_sent_ms Nullable(UInt64),
  log_tail String
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (tenant_id, stream_id, occurred_at, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS track_lists (
  tenant_id LowCardinality(String),
  stream_id String,
  node_id LowCardinality(String),
  cluster_id LowCardinality(String),
  event_id UUID,
  occurred_at DateTime64(3, 'UTC'),
  received_at DateTime64(3, 'UTC'),
  tracks String
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (tenant_id, stream_id, occurred_at, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS buffer_states (
  tenant_id LowCardinality(String),
  stream_id String,
  node_id LowCardinality(String),
  cluster_id LowCardinality(String),
  event_id UUID,
  occurred_at DateTime64(3, 'UTC'),
  received_at DateTime64(3, 'UTC'),
  state LowCardinality(String),
  buffer_ms Nullable(UInt64),
  jitter_ms Nullable(UInt64),
  keep_away_ms_max Nullable(UInt64),
  issues String,
  final_media_ms Nullable(UInt64),
  tracks String
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (tenant_id, stream_id, occurred_at, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS stream_views (
  tenant_id LowCardinality(String),
  stream_id String,
  node_id LowCardinality(String),
  cluster_id LowCardinality(String),
  event_id UUID,
  occurred_at DateTime64(3, 'UTC'),
  received_at DateTime64(3, 'UTC'),
  playback_id String,
  protocol LowCardinality(String),
  viewer_host String,
  country_code LowCardinality(String),
  city LowCardinality(String),
  request_url String,
  outcome LowCardinality(String),
  reason_code LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (tenant_id, stream_id, occurred_at, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS routing_decisions (
  tenant_id LowCardinality(String),
  stream_id String,
  node_id LowCardinality(String),
  cluster_id LowCardinality(String),
  event_id UUID,
  occurred_at DateTime64(3, 'UTC'),
  received_at DateTime64(3, 'UTC'),
  purpose LowCardinality(String),
  outcome LowCardinality(String),
  reason_code LowCardinality(String),
  playback_id String,
  protocol LowCardinality(String),
  country_code LowCardinality(String),
  city LowCardinality(String),
  latitude Nullable(Float64),
  longitude Nullable(Float64),
  chosen_node_id LowCardinality(String),
  chosen_cluster_id LowCardinality(String),
  distance_km Nullable(Float64),
  score Nullable(Float64),
  score_parts Map(LowCardinality(String), Float64),
  candidates String,
  candidates_total UInt64,
  decision_us UInt64
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (tenant_id, stream_id, occurred_at, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

-- Belongs to no tenant, so time comes first.
CREATE TABLE IF NOT EXISTS unattributed_events (
  event_id UUID,
  event_type LowCardinality(String),
  stream_name String,
  node_id LowCardinality(String),
  cluster_id LowCardinality(String),
  occurred_at DateTime64(3, 'UTC'),
  received_at DateTime64(3, 'UTC'),
  event String
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (occurred_at, event_id)
SETTINGS non_replicated_deduplication_window = 1000;
