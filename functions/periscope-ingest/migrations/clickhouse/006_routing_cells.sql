-- A cell of the H3 grid at resolution 5 in hexadecimal, as stringToH3() reads it; empty where no place is known.
ALTER TABLE routing_decisions ADD COLUMN IF NOT EXISTS h3_cell LowCardinality(String);
