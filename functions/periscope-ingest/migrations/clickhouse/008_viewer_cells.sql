-- Where a viewer is, as a cell of the H3 grid at resolution 5 in hexadecimal; empty where no place is known.
ALTER TABLE viewer_sessions ADD COLUMN IF NOT EXISTS h3_cell LowCardinality(String);
ALTER TABLE viewer_arrivals ADD COLUMN IF NOT EXISTS h3_cell LowCardinality(String);

-- A view keeps the columns that it was made with.
CREATE OR REPLACE VIEW final_sessions AS
SELECT * EXCEPT (replaced_event_id, replaced_at) FROM viewer_sessions FINAL
WHERE (tenant_id, node_id, event_id) NOT IN (
  SELECT tenant_id, node_id, assumeNotNull(replaced_event_id) FROM viewer_sessions WHERE replaced_event_id IS NOT NULL
);
