-- How long facts are kept; `npm run retention -- facts DAYS` changes it. Whole months are dropped, so none goes earlier.
ALTER TABLE viewer_sessions MODIFY SETTING ttl_only_drop_parts = 1;
ALTER TABLE viewer_sessions MODIFY TTL toDateTime(occurred_at) + INTERVAL 400 DAY;
ALTER TABLE viewer_arrivals MODIFY SETTING ttl_only_drop_parts = 1;
ALTER TABLE viewer_arrivals MODIFY TTL toDateTime(occurred_at) + INTERVAL 400 DAY;
ALTER TABLE stream_runs MODIFY SETTING ttl_only_drop_parts = 1;
ALTER TABLE stream_runs MODIFY TTL toDateTime(occurred_at) + INTERVAL 400 DAY;
ALTER TABLE ingest_attempts MODIFY SETTING ttl_only_drop_parts = 1;
ALTER TABLE ingest_attempts MODIFY TTL toDateTime(occurred_at) + INTERVAL 400 DAY;
ALTER TABLE recordings MODIFY SETTING ttl_only_drop_parts = 1;
ALTER TABLE recordings MODIFY TTL toDateTime(occurred_at) + INTERVAL 400 DAY;
ALTER TABLE pushes MODIFY SETTING ttl_only_drop_parts = 1;
ALTER TABLE pushes MODIFY TTL toDateTime(occurred_at) + INTERVAL 400 DAY;
ALTER TABLE track_lists MODIFY SETTING ttl_only_drop_parts = 1;
ALTER TABLE track_lists MODIFY TTL toDateTime(occurred_at) + INTERVAL 400 DAY;
ALTER TABLE buffer_states MODIFY SETTING ttl_only_drop_parts = 1;
ALTER TABLE buffer_states MODIFY TTL toDateTime(occurred_at) + INTERVAL 400 DAY;
ALTER TABLE stream_views MODIFY SETTING ttl_only_drop_parts = 1;
ALTER TABLE stream_views MODIFY TTL toDateTime(occurred_at) + INTERVAL 400 DAY;
ALTER TABLE routing_decisions MODIFY SETTING ttl_only_drop_parts = 1;
ALTER TABLE routing_decisions MODIFY TTL toDateTime(occurred_at) + INTERVAL 400 DAY;
ALTER TABLE unattributed_events MODIFY SETTING ttl_only_drop_parts = 1;
ALTER TABLE unattributed_events MODIFY TTL toDateTime(occurred_at) + INTERVAL 90 DAY;
ALTER TABLE host_heard MODIFY TTL toDateTime(heard_at) + INTERVAL 90 DAY;

-- Tenants whose data was deleted: what of theirs still comes out of the log is stored no more.
CREATE TABLE IF NOT EXISTS forgotten_tenants (
  tenant_id String,
  forgotten_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(forgotten_at)
ORDER BY tenant_id
TTL toDateTime(forgotten_at) + INTERVAL 400 DAY;
