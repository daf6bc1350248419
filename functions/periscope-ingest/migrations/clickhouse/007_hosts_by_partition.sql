-- A host's events lie in many partitions of the log, and one of them may lag behind: each is marked by itself.
ALTER TABLE host_heard
  ADD COLUMN IF NOT EXISTS partition UInt32,
  ADD COLUMN IF NOT EXISTS partitions UInt32,
  MODIFY ORDER BY (node_id, partition);

-- Up to when all is stored that a host journalled: as far as the partition that lags most. A host that was not heard in
-- all of them yet has nothing complete.
CREATE OR REPLACE VIEW hosts_heard AS
SELECT node_id, max(host_heard.heard_at) AS seen_at,
  if(count() >= max(partitions), min(host_heard.heard_at), toDateTime64(0, 3, 'UTC')) AS heard_at
FROM host_heard FINAL
GROUP BY node_id;
