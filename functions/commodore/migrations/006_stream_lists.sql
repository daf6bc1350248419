alter table streams
  -- Whether viewers may rewind.
  add column dvr boolean not null default false,
  -- Titles in one case, in an order that no library update changes.
  add column title_key text collate "C" generated always as (lower(title collate pg_c_utf8) collate "C") stored;
create index on streams (tenant_id, title_key, id) where deleted_at is null;
grant update (dvr) on streams to commodore;
