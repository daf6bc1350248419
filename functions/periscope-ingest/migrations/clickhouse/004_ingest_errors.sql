-- What could not be stored, by where in the log it lay: a row's newest version says whether it still waits (`open`) or was
-- put into the log again (`replayed`). The letters themselves lie in the topic analytics_events_dlq.
CREATE TABLE IF NOT EXISTS ingest_errors (
  dead_from String,
  state LowCardinality(String),
  at DateTime64(3, 'UTC') DEFAULT now64(3),
  logged_at DateTime64(3, 'UTC'),
  tenant_id LowCardinality(String),
  event_id String,
  event_type LowCardinality(String),
  reason LowCardinality(String),
  detail String
)
ENGINE = ReplacingMergeTree(at)
ORDER BY dead_from
TTL toDateTime(at) + INTERVAL 90 DAY;
