-- Which hours of a tenant got an event, and when; written after the events. What is rolled up of an hour holds until
-- something in it, or earlier, changes.
CREATE TABLE IF NOT EXISTS hour_changes (
  tenant_id LowCardinality(String),
  hour DateTime('UTC'),
  changed_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(changed_at)
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant_id, hour)
TTL hour + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1;

-- What is there already has never been rolled up.
INSERT INTO hour_changes (tenant_id, hour)
SELECT DISTINCT tenant_id, toStartOfHour(occurred_at) FROM viewer_sessions
UNION DISTINCT SELECT DISTINCT tenant_id, toStartOfHour(occurred_at) FROM viewer_arrivals
UNION DISTINCT SELECT DISTINCT tenant_id, toStartOfHour(occurred_at) FROM client_samples
UNION DISTINCT SELECT DISTINCT tenant_id, toStartOfHour(occurred_at) FROM stream_samples
UNION DISTINCT SELECT DISTINCT tenant_id, toStartOfHour(occurred_at) FROM buffer_states
UNION DISTINCT SELECT DISTINCT tenant_id, toStartOfHour(occurred_at) FROM track_lists;

-- The rows of an hour count whose version is the newest that this says, and no others: rows that are half written, or
-- were replaced, are as if they were not there.
CREATE TABLE IF NOT EXISTS rolled_hours (
  tenant_id LowCardinality(String),
  hour DateTime('UTC'),
  version DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant_id, hour)
TTL hour + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1;

-- Ends of sessions, each once and only those that count, in the hour of the end; and of each session that had not
-- ended by then, what was heard of it in an hour. Times in Unix ms.
CREATE TABLE IF NOT EXISTS rolled_visits (
  tenant_id LowCardinality(String),
  hour DateTime('UTC'),
  version DateTime64(3, 'UTC'),
  finished Bool,
  event_id UUID,
  stream_id String,
  node_id LowCardinality(String),
  cluster_id LowCardinality(String),
  session_id String,
  connector LowCardinality(String),
  country_code LowCardinality(String),
  city LowCardinality(String),
  h3_cell LowCardinality(String),
  began_ms Int64,
  last_ms Int64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant_id, finished, hour, stream_id, node_id, session_id, event_id)
TTL hour + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1;

-- What quality is summed from, by quarters of an hour: every time zone's hours and days are made of those.
CREATE TABLE IF NOT EXISTS rolled_quality (
  tenant_id LowCardinality(String),
  hour DateTime('UTC'),
  version DateTime64(3, 'UTC'),
  quarter_ms Int64,
  stream_id String,
  node_id LowCardinality(String),
  cluster_id LowCardinality(String),
  protocol LowCardinality(String),
  egress_bytes Float64,
  viewer_ms Float64,
  packets_sent Float64,
  packets_lost Float64,
  packets_retransmitted Float64,
  full_ms Float64,
  dry_ms Float64,
  recover_ms Float64,
  rebuffers Float64,
  frames_ms Float64,
  fps_ms Float64,
  ingress_bytes Float64,
  ingress_ms Float64,
  startups Float64,
  startup_ms Float64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant_id, hour, quarter_ms, stream_id, node_id, cluster_id, protocol)
TTL hour + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1;

-- States that lasted at the end of an hour, so that what comes after it needs nothing that came before: of buffers, and
-- streams that were ready and not yet full.
CREATE TABLE IF NOT EXISTS rolled_states (
  tenant_id LowCardinality(String),
  hour DateTime('UTC'),
  version DateTime64(3, 'UTC'),
  kind LowCardinality(String),
  stream_id String,
  node_id LowCardinality(String),
  cluster_id LowCardinality(String),
  since_ms Int64,
  state LowCardinality(String),
  detail String
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant_id, kind, hour, stream_id, node_id)
TTL hour + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1;
