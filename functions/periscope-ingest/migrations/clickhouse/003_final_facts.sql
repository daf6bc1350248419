-- A later end of a session or run names the made-up end that it replaces: that one came too early.
ALTER TABLE viewer_sessions ADD COLUMN IF NOT EXISTS replaced_event_id Nullable(UUID);
ALTER TABLE viewer_sessions ADD COLUMN IF NOT EXISTS replaced_at Nullable(DateTime64(3, 'UTC'));
ALTER TABLE stream_runs ADD COLUMN IF NOT EXISTS replaced_event_id Nullable(UUID);
ALTER TABLE stream_runs ADD COLUMN IF NOT EXISTS replaced_at Nullable(DateTime64(3, 'UTC'));

-- What every sum is made of: each session and each run once, whatever came twice or was made up too early. A host
-- replaces only what it told itself.
CREATE OR REPLACE VIEW final_sessions AS
SELECT * EXCEPT (replaced_event_id, replaced_at) FROM viewer_sessions FINAL
WHERE (tenant_id, node_id, event_id) NOT IN (
  SELECT tenant_id, node_id, assumeNotNull(replaced_event_id) FROM viewer_sessions WHERE replaced_event_id IS NOT NULL
);

CREATE OR REPLACE VIEW final_runs AS
SELECT * EXCEPT (replaced_event_id, replaced_at) FROM stream_runs FINAL
WHERE (tenant_id, node_id, event_id) NOT IN (
  SELECT tenant_id, node_id, assumeNotNull(replaced_event_id) FROM stream_runs WHERE replaced_event_id IS NOT NULL
);

CREATE OR REPLACE VIEW final_recordings AS SELECT * FROM recordings FINAL WHERE action = 'end';

CREATE OR REPLACE VIEW final_pushes AS SELECT * FROM pushes FINAL WHERE action = 'end';

-- Use by meter in windows of five minutes, in which a session, run, recording or push counts where its end lies.
CREATE OR REPLACE VIEW usage_windows AS
SELECT tenant_id, stream_id, cluster_id, toStartOfFiveMinutes(occurred_at) AS window_start,
  metered.1 AS meter, metered.2 AS quantity
FROM (
  SELECT tenant_id, stream_id, cluster_id, occurred_at, arrayJoin([
    ('sessions', toUInt64(1)), ('viewer_seconds', seconds),
    ('egress_bytes', egress_bytes), ('ingress_bytes', ingress_bytes)
  ]) AS metered FROM final_sessions
  UNION ALL
  SELECT tenant_id, stream_id, cluster_id, occurred_at, arrayJoin([
    ('runs', toUInt64(1)), ('run_viewer_seconds', viewer_seconds),
    ('run_egress_bytes', egress_bytes), ('run_ingress_bytes', ingress_bytes)
  ]) AS metered FROM final_runs
  UNION ALL
  SELECT tenant_id, stream_id, cluster_id, occurred_at, arrayJoin([
    ('recordings', toUInt64(1)), ('recorded_ms', media_ms), ('recorded_bytes', ifNull(bytes, 0))
  ]) AS metered FROM final_recordings
  UNION ALL
  SELECT tenant_id, stream_id, cluster_id, occurred_at, arrayJoin([
    ('pushes', toUInt64(1)), ('pushed_ms', ifNull(active_ms, 0)), ('pushed_bytes', ifNull(bytes, 0))
  ]) AS metered FROM final_pushes
)
WHERE quantity > 0;

-- Which windows got or lost a fact, and when. Written after the facts, so a reader who hears of a change sees it.
-- A repeat adds a row and no harm: the reader looks at a window once more.
CREATE TABLE IF NOT EXISTS usage_changes (
  tenant_id LowCardinality(String),
  window_start DateTime('UTC'),
  changed_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
PARTITION BY toMonday(changed_at)
ORDER BY (changed_at, tenant_id, window_start)
TTL toDateTime(changed_at) + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1;

-- Up to when each host has been heard: its journal is in order, so what it journalled before is stored.
CREATE TABLE IF NOT EXISTS host_heard (
  node_id String,
  heard_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(heard_at)
ORDER BY node_id;
