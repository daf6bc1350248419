-- Samples: what polls saw, kept for a while. Read with FINAL like the facts.

CREATE TABLE IF NOT EXISTS client_samples (
  tenant_id LowCardinality(String),
  stream_id String,
  node_id LowCardinality(String),
  cluster_id LowCardinality(String),
  event_id UUID,
  occurred_at DateTime64(3, 'UTC'),
  received_at DateTime64(3, 'UTC'),
  session_id String,
  role LowCardinality(String),
  connector LowCardinality(String),
  connected_seconds UInt64,
  position_seconds Float64,
  egress_bytes UInt64,
  ingress_bytes UInt64,
  egress_bytes_delta Nullable(UInt64),
  ingress_bytes_delta Nullable(UInt64),
  egress_bytes_per_second Float64,
  ingress_bytes_per_second Float64,
  packets_sent UInt64,
  packets_lost UInt64,
  packets_retransmitted UInt64
)
ENGINE = ReplacingMergeTree
PARTITION BY toMonday(occurred_at)
ORDER BY (tenant_id, stream_id, occurred_at, event_id, session_id)
TTL toDateTime(occurred_at) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS stream_samples (
  tenant_id LowCardinality(String),
  stream_id String,
  node_id LowCardinality(String),
  cluster_id LowCardinality(String),
  event_id UUID,
  occurred_at DateTime64(3, 'UTC'),
  received_at DateTime64(3, 'UTC'),
  status LowCardinality(String),
  cause LowCardinality(String),
  reason String,
  input_type LowCardinality(String),
  replicated Nullable(Bool),
  viewers Nullable(UInt64),
  inputs Nullable(UInt64),
  outputs Nullable(UInt64),
  tracks Nullable(UInt64),
  ingress_bytes Nullable(UInt64),
  egress_bytes Nullable(UInt64),
  viewer_seconds Nullable(UInt64),
  packets_sent Nullable(UInt64),
  packets_lost Nullable(UInt64),
  packets_retransmitted Nullable(UInt64),
  buffer_ms Nullable(UInt64),
  jitter_ms Nullable(UInt64),
  issues String
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (tenant_id, stream_id, occurred_at, event_id)
TTL toDateTime(occurred_at) + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS node_samples (
  tenant_id LowCardinality(String),
  stream_id String,
  node_id LowCardinality(String),
  cluster_id LowCardinality(String),
  event_id UUID,
  occurred_at DateTime64(3, 'UTC'),
  received_at DateTime64(3, 'UTC'),
  healthy Bool,
  unhealthy_reasons Array(LowCardinality(String)),
  cpu_percent Nullable(Float64),
  memory_total_bytes Nullable(UInt64),
  memory_used_bytes Nullable(UInt64),
  shm_total_bytes Nullable(UInt64),
  shm_used_bytes Nullable(UInt64),
  media_egress_bytes Nullable(UInt64),
  media_ingress_bytes Nullable(UInt64),
  media_egress_bytes_per_second Nullable(Float64),
  media_ingress_bytes_per_second Nullable(Float64),
  network_egress_bytes Nullable(UInt64),
  network_ingress_bytes Nullable(UInt64),
  network_egress_bytes_per_second Nullable(Float64),
  network_ingress_bytes_per_second Nullable(Float64),
  bandwidth_limit_bytes_per_second Nullable(UInt64),
  streams Nullable(UInt64),
  viewers Nullable(UInt64),
  inputs Nullable(UInt64),
  outputs Nullable(UInt64),
  latitude Nullable(Float64),
  longitude Nullable(Float64),
  location_name LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toMonday(occurred_at)
ORDER BY (tenant_id, node_id, occurred_at, event_id)
TTL toDateTime(occurred_at) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1;
